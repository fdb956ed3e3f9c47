import { setImmediate as nextTurn } from "node:timers/promises";
import type { Objective } from "../contract/trials.ts";
import type {
  Importance,
  TrialFront,
  TrialOrder,
  TrialPoints,
  TrialRows,
  TrialSearch,
  TrialSummary,
} from "../contract/trialViews.ts";
import { describeColumns, select, sortPlaces, startFrame, thin, type FrameBuilder } from "../search/trialFrame.ts";
import { frontOf, importancesOf } from "../search/trialFronts.ts";
import type { ProjectStore } from "../store/store.ts";

/** A question about the trials of a project. */
export type TrialQuestion =
  | { readonly kind: "summary" }
  | {
      readonly kind: "page";
      readonly search: TrialSearch;
      readonly order?: TrialOrder | undefined;
      readonly offset: number;
      readonly limit: number;
    }
  | {
      readonly kind: "points";
      readonly search: TrialSearch;
      readonly columns: readonly string[];
      readonly limit: number;
      /** Whose front is among the points in any case. */
      readonly objectives: readonly Objective[];
      /** Ids of others that are to be among them. */
      readonly include: readonly number[];
    }
  | { readonly kind: "front"; readonly search: TrialSearch; readonly objectives: readonly Objective[] }
  | { readonly kind: "importance"; readonly search: TrialSearch; readonly value: string };

interface Answers {
  readonly summary: TrialSummary;
  readonly page: TrialRows;
  readonly points: TrialPoints;
  readonly front: TrialFront;
  readonly importance: Importance[];
}

export type TrialAnswer<Q extends TrialQuestion> = Answers[Q["kind"]];

/** The trials of one project in memory, read once and then only what was added. */
export interface TrialCache {
  frame: FrameBuilder;
  /** Of the last question for a page: what was asked, and its places. */
  ordered: { readonly key: string; readonly places: Int32Array } | undefined;
}

export const emptyCache = (): TrialCache => ({ frame: startFrame(), ordered: undefined });

/** Trials that are read before somebody else gets a turn. */
const CHUNK = 2000;

/** Brings the cache to what the project has now. */
async function refresh({ trials }: ProjectStore, cache: TrialCache): Promise<void> {
  // Some were removed: all are read anew.
  if (trials.count() < cache.frame.count) Object.assign(cache, emptyCache());
  for (;;) {
    const added = trials.scan(cache.frame.last, CHUNK);
    if (added.length === 0) return;
    cache.frame.add(added);
    cache.ordered = undefined;
    if (added.length < CHUNK) return;
    await nextTurn();
  }
}

/** Whether it finds all trials. */
export const isOpen = ({ ranges = {}, texts = {}, ids }: TrialSearch): boolean =>
  Object.keys(ranges).length + Object.keys(texts).length === 0 && ids === undefined;

/** @throws invalid-project where a record is damaged */
export async function answerTrials<Q extends TrialQuestion>(
  store: ProjectStore,
  cache: TrialCache,
  question: Q,
): Promise<TrialAnswer<Q>> {
  return (await answer(store, cache, question)) as TrialAnswer<Q>;
}

async function answer(
  store: ProjectStore,
  cache: TrialCache,
  question: TrialQuestion,
): Promise<Answers[keyof Answers]> {
  if (question.kind === "page" && question.order === undefined && isOpen(question.search)) {
    // As they came: no need to have read all.
    const { offset, limit } = question;
    return { total: store.trials.count(), rows: [...store.trials.list({}, { offset, limit })] };
  }
  await refresh(store, cache);
  const frame = cache.frame.frame();
  switch (question.kind) {
    case "summary": {
      const columns = describeColumns(frame);
      const titles = new Map(store.jobs.list().map((j) => [j.id, j.title]));
      return {
        total: frame.count,
        columns,
        objectives: likelyObjectives(columns.flatMap((c) => (c.kind === "value" ? [c.title] : []))),
        jobs: store.trials.jobs().map((id) => ({ id, title: titles.get(id) ?? id })),
      };
    }
    case "page": {
      const { search, order, offset, limit } = question;
      const key = JSON.stringify([search, order]);
      if (cache.ordered?.key !== key) {
        const found = select(frame, search);
        cache.ordered = { key, places: order === undefined ? found : sortPlaces(frame, found, order) };
      }
      const { places } = cache.ordered;
      const ids = [...places.subarray(offset, offset + limit)].map((at) => frame.ids[at]!);
      return { total: places.length, rows: [...store.trials.get(ids)] };
    }
    case "points": {
      const found = select(frame, question.search);
      const front = question.objectives.length === 0 ? [] : frontOf(frame, found, question.objectives).places;
      const included = new Set(question.include);
      const kept = included.size === 0 ? [] : found.filter((at) => included.has(frame.ids[at]!));
      const places = thin(found, question.limit, new Set([...front, ...kept]));
      const columns = question.columns.flatMap((id) => frame.columns.get(id) ?? []);
      return {
        total: found.length,
        ids: [...places].map((at) => frame.ids[at]!),
        columns: Object.fromEntries(
          columns.map((c) => [
            c.id,
            [...places].map((at) => (Number.isFinite(c.values[at]!) ? Number(c.values[at]!.toPrecision(7)) : null)),
          ]),
        ),
        options: Object.fromEntries(columns.flatMap((c) => (c.options === undefined ? [] : [[c.id, [...c.options]]]))),
      };
    }
    case "front": {
      const { ids, values, of, hypervolume } = frontOf(frame, select(frame, question.search), question.objectives);
      return { ids, values, of, hypervolume };
    }
    case "importance":
      return importancesOf(frame, select(frame, question.search), question.value);
  }
}

/** A score is to be large; what it costs is to be small. At most three, the score first. */
function likelyObjectives(names: readonly string[]): Objective[] {
  const isScore = (name: string): boolean => /accura|top-?\d|auc|f1|score|recall|precision/i.test(name);
  const isEffort = (name: string): boolean => /budget|epochs?$|seconds/i.test(name);
  const score = names.find(isScore);
  const costs = ["latency", "size", "macs", "memory", "cost", "loss", "harm"];
  const cost = costs.find((c) => names.includes(c)) ?? names.find((n) => !isScore(n) && !isEffort(n));
  return [
    ...(score === undefined ? [] : [{ value: score, goal: "most" as const }]),
    ...(cost === undefined ? [] : [{ value: cost, goal: "least" as const }]),
  ];
}
