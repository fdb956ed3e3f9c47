import type { Json } from "../../../core/base/json.ts";
import type { ProviderName } from "../../../core/contract/device.ts";
import type { JobPlan } from "../../../core/contract/jobs.ts";
import type { MethodInfo } from "../../../core/contract/method.ts";
import type { Preset } from "../../../core/contract/preset.ts";
import type { ChainAsked, RunAsked } from "../../../core/contract/run.ts";
import type { Overview } from "../../../core/contract/views.ts";
import { changedOf, fieldsOf, type Values } from "../../form/schema.ts";
import type { WizardStart } from "../../kit/navigation.ts";

/** One method of a run, or of a chain. */
export interface DraftStep {
  /** Tells steps apart, wherever they stand. */
  readonly key: number;
  readonly method: string | undefined;
  /** Parameters by method, so that looking at another one loses nothing. */
  readonly params: Readonly<Record<string, Values>>;
  /** Of the variant that it makes; empty: the method's. */
  readonly name: string;
}

/** What a wizard has been told so far. */
export interface Draft {
  readonly from: string;
  readonly data: string | undefined;
  /** One, or several that run in a chain. */
  readonly steps: readonly DraftStep[];
  /** Key of the step that is looked at. */
  readonly at: number;
  readonly seed: string;
  readonly threads: string;
  readonly provider: ProviderName;
  readonly measure: boolean;
}

export interface DraftParts {
  readonly overview: Overview;
  readonly methods: readonly MethodInfo[];
  readonly start: WizardStart;
  readonly threads: number;
  /** The plan of the job that is taken over. */
  readonly plan?: JobPlan | undefined;
  readonly preset?: Preset | undefined;
  /** The run that makes a trial again. */
  readonly run?: RunAsked | undefined;
}

/** A method's parameters before anybody says anything: where it needs a model, that is the baseline. */
export function usualParams(method: MethodInfo | undefined, { variants }: Overview): Values {
  const baseline = variants.find((v) => v.isBaseline)?.name;
  const needed = fieldsOf(method?.params ?? {}).filter((f) => f.schema.reference === "variant" && f.schema.isNeeded);
  return baseline === undefined ? {} : Object.fromEntries(needed.map((f) => [f.name, baseline]));
}

/** Chooses the method of the step that is looked at; what it was told before stays. */
export function chooseMethod(draft: Draft, method: MethodInfo, overview: Overview): Draft {
  const { params } = stepAt(draft);
  const own = params[method.id] ?? usualParams(method, overview);
  return changeStep(draft, { method: method.id, params: { ...params, [method.id]: own } });
}

/** What the recipe of a variant, of a job's step and of a preset have in common. */
interface Given {
  readonly method: string;
  readonly params: Readonly<Record<string, Json>>;
  readonly name?: string | undefined;
  readonly seed?: number | undefined;
  readonly threads?: number | undefined;
  readonly provider?: ProviderName | undefined;
}

/** A new draft, or one that takes over what a variant, a job, a preset or a trial says. */
export function startDraft({ overview, methods, start, threads, plan, preset, run }: DraftParts): Draft {
  const cloned = overview.variants.find((v) => v.id === start.clone);
  const baseline = overview.variants.find((v) => v.isBaseline) ?? overview.variants[0];
  const given = givenBy(run ?? cloned?.recipe ?? undefined, plan, preset);
  const [first] = given;
  const named = methods.find((m) => m.id === start.method);
  const usual =
    start.method === undefined
      ? {}
      : { [start.method]: { ...usualParams(named, overview), ...withNames(start.params ?? {}, named, overview) } };
  const steps: readonly DraftStep[] =
    given.length === 0
      ? [{ key: 1, method: start.method, params: usual, name: "" }]
      : given.map((one, i) => ({
          key: i + 1,
          method: one.method,
          params: {
            [one.method]: withNames(
              one.params,
              methods.find((m) => m.id === one.method),
              overview,
            ),
          },
          // A variant's own name is taken; those of a preset's steps are what later steps call them.
          name: preset !== undefined && given.length > 1 ? (one.name ?? "") : "",
        }));
  return {
    from: start.from ?? run?.from ?? plan?.from?.variant ?? cloned?.parent ?? baseline?.id ?? "",
    data: run?.data ?? plan?.data ?? overview.data.at(-1)?.id,
    steps: excluding(steps, methods, start.exclude),
    at: 1,
    seed: String(first?.seed ?? 0),
    threads: String(first?.threads ?? threads),
    provider: first?.provider ?? "cpu",
    measure: true,
  };
}

function givenBy(recipe: Given | undefined, plan: JobPlan | undefined, preset: Preset | undefined): readonly Given[] {
  if (preset?.kind === "recipe") return [preset.recipe];
  if (preset?.kind === "pipeline") {
    const { steps, seed, threads, provider } = preset.pipeline;
    return steps.map((step) => ({ seed, threads, provider, ...step }));
  }
  if (plan !== undefined) return plan.steps;
  return recipe === undefined ? [] : [recipe];
}

/** Recipes name models by their hash; people choose them by name. */
function withNames(params: Values, method: MethodInfo | undefined, { variants }: Overview): Values {
  if (method === undefined) return params;
  const named = { ...params };
  for (const { name, schema } of fieldsOf(method.params)) {
    const value = named[name];
    if (schema.reference !== "variant" || typeof value !== "string") continue;
    named[name] = variants.find((v) => v.sha256 === value)?.name ?? value;
  }
  return named;
}

/** Adds a layer to those that the last step leaves alone, where its method can. */
function excluding(
  steps: readonly DraftStep[],
  methods: readonly MethodInfo[],
  layer: string | undefined,
): readonly DraftStep[] {
  const last = steps.at(-1);
  const method = methods.find((m) => m.id === last?.method);
  if (layer === undefined || last === undefined || method === undefined) return steps;
  const field = fieldsOf(method.params).find((f) => f.name === "exclude" && f.schema.reference === "layer");
  if (field === undefined) return steps;
  const values = last.params[method.id] ?? {};
  const before = Array.isArray(values["exclude"]) ? (values["exclude"] as readonly Json[]) : [];
  if (before.includes(layer)) return steps;
  const params = { ...last.params, [method.id]: { ...values, exclude: [...before, layer] } };
  return [...steps.slice(0, -1), { ...last, params }];
}

export function stepAt({ steps, at }: Draft): DraftStep {
  const found = steps.find((s) => s.key === at) ?? steps[0];
  if (found === undefined) throw new Error("A draft has no steps.");
  return found;
}

/** Changes the step that is looked at. */
export function changeStep(draft: Draft, change: Partial<Omit<DraftStep, "key">>): Draft {
  const { key } = stepAt(draft);
  return { ...draft, steps: draft.steps.map((s) => (s.key === key ? { ...s, ...change } : s)) };
}

/** Adds a step behind the last one, and looks at it. */
export function addStep(draft: Draft): Draft {
  const key = Math.max(...draft.steps.map((s) => s.key)) + 1;
  return { ...draft, steps: [...draft.steps, { key, method: undefined, params: {}, name: "" }], at: key };
}

export function removeStep(draft: Draft, key: number): Draft {
  const place = draft.steps.findIndex((s) => s.key === key);
  const steps = draft.steps.filter((s) => s.key !== key);
  const at = draft.at === key ? (steps[Math.max(0, place - 1)]?.key ?? draft.at) : draft.at;
  return { ...draft, steps, at };
}

/** Moves a step so many places towards the end. */
export function moveStep(draft: Draft, key: number, by: number): Draft {
  const place = draft.steps.findIndex((s) => s.key === key);
  const moved = draft.steps[place];
  const rest = draft.steps.filter((s) => s.key !== key);
  if (moved === undefined || place + by < 0 || place + by > rest.length) return draft;
  return { ...draft, steps: rest.toSpliced(place + by, 0, moved) };
}

export const isChain = ({ steps }: Draft): boolean => steps.length > 1;

/** What a step changes of its method's defaults, as recipes have it. */
export function paramsOf(step: DraftStep, method: MethodInfo): Record<string, Json> {
  return changedOf(fieldsOf(method.params), step.params[method.id] ?? {});
}

const nameOf = ({ name }: DraftStep): { readonly name?: string } => (name.trim() === "" ? {} : { name: name.trim() });

/** The draft as the engine is asked for a single run. */
export function requestOf(draft: Draft, method: MethodInfo): RunAsked {
  const step = stepAt(draft);
  return {
    method: method.id,
    params: paramsOf(step, method),
    seed: Number(draft.seed),
    threads: Number(draft.threads),
    ...(draft.provider !== "cpu" && { provider: draft.provider }),
    from: draft.from,
    ...(draft.data !== undefined && { data: draft.data }),
    ...nameOf(step),
    measure: draft.measure,
  };
}

/** The draft as the engine is asked for a chain. */
export function chainOf(draft: Draft, methods: readonly MethodInfo[]): ChainAsked {
  return {
    from: draft.from,
    ...(draft.data !== undefined && { data: draft.data }),
    pipeline: {
      lathe: 1,
      steps: draft.steps.flatMap((step) => {
        const method = methods.find((m) => m.id === step.method);
        return method === undefined
          ? []
          : [{ method: method.id, version: method.version, params: paramsOf(step, method), ...nameOf(step) }];
      }),
      seed: Number(draft.seed),
      threads: Number(draft.threads),
      ...(draft.provider !== "cpu" && { provider: draft.provider }),
      measure: draft.measure,
    },
  };
}
