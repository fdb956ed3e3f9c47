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
export function viewerTasks(host: Host): (task: ViewerTask) => Promise<ViewerResults[keyof ViewerResults]> {
  const shelf = openShelf(host);
  const compared = new Map<string, Promise<Beside>>();
  const counted = new WeakMap<Opened, Map<number, number>>();

  const compare = (first: ModelFile, second: ModelFile): Promise<Beside> => {
    const key = `${first.key} ${second.key}`;
    const known = compared.get(key);
    if (known !== undefined) return known;
    const made = (async () => {
      const [a, b] = [await shelf.open(first), await shelf.open(second)];
      const load = async (file: ModelFile): Promise<Opened["model"]> => loadTensors(await shelf.openAt(file), host);
      return besideEachOther(a, b, [await load(first), await load(second)]);
    })();
    compared.set(key, made);
    made.catch(() => compared.delete(key));
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
  const see = async ({ file, reference, others = [] }: Subject): Promise<Seen> => {
    const opened = await shelf.open(file);
    if (reference !== undefined) {
      const { second, inSecond, words } = await compare(reference, file);
      return { opened, parts: second, changes: inSecond, words };
    }
    if (others.length === 0) return { opened, parts: opened.parts, changes: undefined, words: undefined };
    const changes = new Map<number, keyof PartChange>();
    for (const other of others) {
      const { inFirst } = await compare(file, other);
      for (const [op, kind] of inFirst) if (changes.get(op) !== "removed") changes.set(op, kind);
    }
    return { opened, parts: opened.parts, changes, words: undefined };
  };
  const figures = (opened: Opened, facts: NodeFacts): ReturnType<typeof figuresOf> =>
    figuresOf(opened, facts, counted.get(opened));

  return async (task) => {
    switch (task.kind) {
      case "view": {
        const { variant, subject, open, sparsity } = task;
        const { opened, parts, changes } = await see(subject);
        if (sparsity) await countIn(opened, subject.file);
        return viewModel({ variant, opened, parts, figures: figures(opened, subject.facts), open, changes });
      }
      case "find": {
        const { opened, parts } = await see(task.subject);
        return findInModel(parts, task.text, shapesOf(opened, figures(opened, task.subject.facts)));
      }
      case "facts": {
        const { opened, parts, words } = await see(task.subject);
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
        const { diff, changes } = await compare(task.first.file, task.second.file);
        const [a, b] = [await shelf.open(task.first.file), await shelf.open(task.second.file)];
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
