import { LatheError } from "../../base/error.ts";
import type { Host } from "../../base/host.ts";
import type { FoundParts, ModelView, OpChange, PartChange, PartFacts, TensorFacts } from "../../contract/modelView.ts";
import type { ModelParts } from "../../graph/parts.ts";
import { printDiff } from "../../graph/printDiff.ts";
import { loadTensors } from "../../onnx/read.ts";
import { besideEachOther, type Beside } from "./compare.ts";
import { constantsOf } from "./constants.ts";
import { factsOf } from "./facts.ts";
import { figuresOf, type NodeFacts } from "./figures.ts";
import { findInModel } from "./find.ts";
import { openShelf, type ModelFile, type Opened } from "./opened.ts";
import { countZeros } from "./sparsity.ts";
import { shareWork, stepsUntil, type Stop } from "./stopping.ts";
import { tensorFacts } from "./tensor.ts";
import { shapesOf, viewModel } from "./view.ts";

/** A model to look at, and one that it is compared with. */
export interface Subject {
  readonly file: ModelFile;
  readonly facts: NodeFacts;
  /** The one whose blocks it is shown in. */
  readonly reference?: ModelFile;
  /** Where it is the reference itself: those that are shown beside it. */
  readonly others?: readonly ModelFile[];
}

export type ViewerTask =
  | {
      readonly kind: "view";
      readonly variant: string;
      readonly subject: Subject;
      readonly open: readonly string[] | undefined;
      readonly sparsity: boolean;
    }
  | { readonly kind: "find"; readonly subject: Subject; readonly text: string }
  | { readonly kind: "facts"; readonly subject: Subject; readonly part: string }
  | { readonly kind: "tensor"; readonly subject: Subject; readonly name: string }
  | { readonly kind: "compare"; readonly first: Subject; readonly second: Subject };

export interface ComparedModels {
  readonly same: boolean;
  readonly text: string;
  readonly changes: readonly OpChange[];
  readonly total: number;
}

export interface ViewerResults {
  readonly view: ModelView;
  readonly find: FoundParts;
  readonly facts: PartFacts;
  readonly tensor: TensorFacts;
  readonly compare: ComparedModels;
}

export type ViewerResult<T extends ViewerTask> = ViewerResults[T["kind"]];

const MOST_CHANGES = 2000;
const MOST_TEXT = 200_000;
/** Comparisons that are kept: each pane of a screen asks again with every block that is opened. */
const MOST_COMPARED = 8;

/** Does what pages ask of models. Models and comparisons stay for the next question. */
export function viewerTasks(
  host: Host,
): (task: ViewerTask, stop?: Stop) => Promise<ViewerResults[keyof ViewerResults]> {
  const shelf = openShelf(host);
  const compared = new Map<string, Promise<Beside>>();
  const counted = new WeakMap<Opened, Map<number, number>>();

  const compare = (first: ModelFile, second: ModelFile, stop: Stop | undefined): Promise<Beside> => {
    const make = async (): Promise<Beside> => {
      const [a, b] = [await shelf.open(first, stop), await shelf.open(second, stop)];
      const load = async (file: ModelFile): Promise<Opened["model"]> => loadTensors(await shelf.openAt(file), host);
      const models = [await load(first), await load(second)] as const;
      return besideEachOther(a, b, { models, step: stepsUntil(stop) });
    };
    const made = shareWork(compared, `${first.key} ${second.key}`, { make, stop });
    for (const old of [...compared.keys()].slice(0, -MOST_COMPARED)) compared.delete(old);
    return made;
  };

  const countIn = async (opened: Opened, file: ModelFile): Promise<void> => {
    if (!counted.has(opened)) counted.set(opened, await countZeros(opened, await shelf.openAt(file), host));
  };

  interface Seen {
    readonly opened: Opened;
    readonly parts: ModelParts;
    readonly changes: ReadonlyMap<number, keyof PartChange> | undefined;
    readonly words: Beside["words"] | undefined;
  }
  /** Calls that stand for too much stay closed while models are compared: what differs is told by op. */
  const see = async (
    { file, reference, others = [] }: Subject,
    stop?: Stop,
    open: readonly string[] = [],
  ): Promise<Seen> => {
    if (reference === undefined && others.length === 0) {
      const opened = await shelf.openWith(file, open, stop);
      return { opened, parts: opened.parts, changes: undefined, words: undefined };
    }
    const opened = await shelf.open(file, stop);
    if (reference !== undefined) {
      const { second, inSecond, words } = await compare(reference, file, stop);
      return { opened, parts: second, changes: inSecond, words };
    }
    const changes = new Map<number, keyof PartChange>();
    for (const other of others) {
      const { inFirst } = await compare(file, other, stop);
      for (const [op, kind] of inFirst) if (changes.get(op) !== "removed") changes.set(op, kind);
    }
    return { opened, parts: opened.parts, changes, words: undefined };
  };
  const figures = (opened: Opened, facts: NodeFacts): ReturnType<typeof figuresOf> =>
    figuresOf(opened, facts, counted.get(opened));

  return async (task, stop) => {
    switch (task.kind) {
      case "view": {
        const { variant, subject, open, sparsity } = task;
        const { opened, parts, changes } = await see(subject, stop, open);
        if (sparsity) await countIn(opened, subject.file);
        return viewModel({ variant, opened, parts, figures: figures(opened, subject.facts), open, changes });
      }
      case "find": {
        const { opened, parts } = await see(task.subject, stop);
        return findInModel(parts, task.text, shapesOf(opened, figures(opened, task.subject.facts)));
      }
      case "facts": {
        const { opened, parts, words } = await see(task.subject, stop);
        const part = parts.byId.get(task.part);
        if (part === undefined) throw missing("part", task.part);
        return factsOf({ opened, parts, part, figures: figures(opened, task.subject.facts), changes: words });
      }
      case "tensor": {
        const tensor = constantsOf(await shelf.openAt(task.subject.file)).get(task.name);
        if (tensor === undefined) throw missing("constant", task.name);
        return tensorFacts(tensor, host);
      }
      case "compare": {
        const { diff, changes } = await compare(task.first.file, task.second.file, stop);
        const [a, b] = [await shelf.open(task.first.file, stop), await shelf.open(task.second.file, stop)];
        const before = figures(a, task.first.facts).ops;
        const after = figures(b, task.second.facts).ops;
        return {
          same: diff.same,
          text: printDiff(diff).slice(0, MOST_TEXT),
          total: changes.length,
          changes: changes.slice(0, MOST_CHANGES).map(({ first, second, ...change }) => ({
            ...change,
            ...(first !== undefined && { before: before[first] }),
            ...(second !== undefined && { after: after[second] }),
          })),
        };
      }
    }
  };
}

function missing(what: string, name: string): LatheError {
  return new LatheError("not-found", `There is no ${what} "${name}" in this model.`, {
    hint: "Load the screen again; the model may be another one now.",
  });
}
