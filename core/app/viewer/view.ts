import type { ModelEdge, ModelPart, ModelView, PartChange } from "../../contract/modelView.ts";
import { drawParts, MOST_DRAWN, type End } from "../../graph/drawn.ts";
import type { FlatGraph } from "../../graph/flat.ts";
import type { ModelParts, Part } from "../../graph/parts.ts";
import { foldFigures, type OpFigures } from "./figures.ts";
import type { Opened } from "./opened.ts";

export interface ViewParts {
  readonly variant: string;
  readonly opened: Opened;
  /** Its own, or those in the blocks of the model that it is compared with. */
  readonly parts: ModelParts;
  readonly figures: OpFigures;
  readonly open: readonly string[] | undefined;
  /** Kind of difference of each op that differs. */
  readonly changes: ReadonlyMap<number, keyof PartChange> | undefined;
}

/** Parts that an untouched view should have at least and at most, where the blocks allow it. */
const ENOUGH = 6;
const AT_FIRST = 40;
/** Inputs and outputs that are drawn one by one; the rest is one part. */
const MOST_ENDS = 12;
const MOST_NAMES = 8;

/** What a page draws of a model. */
export function viewModel({ variant, opened, parts, figures, open, changes }: ViewParts): ModelView {
  const asked = open ?? openAtFirst(parts);
  const drawn = drawParts(parts, asked);
  const { flat } = parts;
  const shapeOf = shapesOf(opened, figures);
  const seen = drawn.parts.map(({ part, within, isOpen }): ModelPart => {
    const first = flat.ops[part.ops[0] ?? -1];
    const own = part.form === "op" ? first : undefined;
    const ends = endsOf(part, flat);
    const input = shapeOf(ends.input);
    const output = shapeOf(ends.output);
    const type =
      (part.form === "op" ? opened.ops[part.ops[0]!]?.weightType : undefined) ??
      opened.values.get(ends.output ?? "")?.type;
    const change = changes && countChanges(part, changes);
    // While models are compared it stays closed.
    const unopened = changes === undefined ? (part.unopened ?? 0) : 0;
    return {
      id: part.id,
      within: within?.id ?? null,
      form: part.form,
      label: cut(part.label),
      name: own === undefined ? "" : cut(opened.ops[part.ops[0]!]!.name, LONG_NAME),
      op: own === undefined ? operators(part, flat) : cut(own.node.op),
      ops: part.ops.length + unopened,
      parts: part.parts.length + unopened,
      isOpen,
      ...(input !== undefined && { input }),
      ...(output !== undefined && { output }),
      ...(type !== undefined && { type }),
      figures: foldFigures(part, figures),
      ...(change && { change }),
    };
  });
  const ends = endParts({ flat, opened, shapeOf });
  const edges = drawn.edges.map(({ from, to, values }): ModelEdge => {
    const shape = shapeOf(values[0]);
    return {
      from: ends.idOf(from),
      to: ends.idOf(to),
      values: values.slice(0, MOST_NAMES).map((v) => cut(v)),
      count: values.length,
      ...(shape !== undefined && values.length === 1 && { shape }),
    };
  });
  const all = { ops: flat.ops.map((_, i) => i) };
  return {
    variant,
    name: opened.file.name,
    sha256: opened.file.key,
    ops: flat.ops.length,
    parts: [...ends.inputs, ...seen, ...ends.outputs],
    edges: mergeEdges(edges),
    open: [...drawn.open],
    isFull: drawn.open.length < asked.filter((id) => parts.byId.has(id)).length && drawn.parts.length > MOST_DRAWN / 2,
    known: [...figures.known],
    totals: foldFigures(all, figures),
    lacksShapes: !figures.known.includes("macs"),
    ...(opened.notRunnable !== undefined && { notRunnable: opened.notRunnable }),
  };
}

/** Opens the largest block while there would be little to see otherwise. */
function openAtFirst({ parts }: ModelParts): readonly string[] {
  const open: string[] = [];
  let shown = [...parts];
  while (shown.length < ENOUGH) {
    const largest = shown
      .filter((p) => p.parts.length > 0 && !open.includes(p.id))
      .toSorted((a, b) => b.ops.length - a.ops.length)[0];
    if (largest === undefined || shown.length + largest.parts.length > AT_FIRST) break;
    open.push(largest.id);
    shown = [...shown, ...largest.parts];
  }
  return open;
}

/** The first value that comes in from outside, and the first output of what comes last. */
export function endsOf(
  part: Part,
  flat: FlatGraph,
): { readonly input: string | undefined; readonly output: string | undefined } {
  const inside = new Set(part.ops);
  let input: string | undefined;
  for (const i of part.ops) {
    const { sources } = flat.ops[i]!;
    input ??= sources.find(({ from }) => !inside.has(from) && (from < 0 || !flat.ops[from]!.isConstant))?.value;
    if (input !== undefined) break;
  }
  // An op comes before its bodies, so that its own output is not theirs.
  const last =
    part.form === "op" ? part.ops[0] : part.ops.findLast((i) => flat.ops[i]!.owner < 0 || part.form === "body");
  return { input, output: flat.ops[last ?? part.ops.at(-1) ?? -1]?.node.outputs.find((o) => o !== "") };
}

export function shapesOf(
  { values }: Pick<Opened, "values">,
  { shapes }: Pick<OpFigures, "shapes">,
): (value: string | undefined) => string | undefined {
  return (value) => (value === undefined ? undefined : (shapes.get(value) ?? values.get(value)?.shape));
}

/** "Conv 7, Relu 6, Add 3" */
function operators(part: Part, flat: FlatGraph): string {
  const counts = new Map<string, number>();
  for (const i of part.ops) {
    const { op } = flat.ops[i]!.node;
    counts.set(op, (counts.get(op) ?? 0) + 1);
  }
  const sorted = [...counts].toSorted((a, b) => b[1] - a[1]);
  const shown = sorted.slice(0, 3).map(([op, count]) => (count === 1 ? cut(op) : `${cut(op)} ×${count}`));
  return sorted.length > 3 ? `${shown.join(", ")}, …` : shown.join(", ");
}

function countChanges(part: Part, changes: ReadonlyMap<number, keyof PartChange>): PartChange | undefined {
  const found = { added: 0, removed: 0, changed: 0 };
  for (const i of part.ops) {
    const kind = changes.get(i);
    if (kind !== undefined) found[kind]++;
  }
  return found.added + found.removed + found.changed === 0 ? undefined : found;
}

interface EndContext {
  readonly flat: FlatGraph;
  readonly opened: Opened;
  readonly shapeOf: (value: string | undefined) => string | undefined;
}

interface Ends {
  readonly inputs: readonly ModelPart[];
  readonly outputs: readonly ModelPart[];
  idOf(end: End): string;
}

/** Inputs and outputs of the model as parts; many of them as one. */
function endParts({ flat, opened, shapeOf }: EndContext): Ends {
  const list = (form: "input" | "output", names: readonly string[]): ModelPart[] => {
    const base = { within: null, form, op: form === "input" ? "Input" : "Output", ops: 0, parts: 0, isOpen: false };
    const some = names.length > MOST_ENDS ? names.slice(0, MOST_ENDS - 1) : names;
    const parts = some.map((name, i): ModelPart => {
      const shape = shapeOf(name);
      const type = opened.values.get(name)?.type;
      return {
        ...base,
        id: `${form} ${i}`,
        label: cut(name),
        name: cut(name, LONG_NAME),
        ...(shape !== undefined && { [form === "input" ? "output" : "input"]: shape }),
        ...(type !== undefined && { type }),
        figures: {},
      };
    });
    const rest = names.length - some.length;
    if (rest > 0) parts.push({ ...base, id: `${form} ${some.length}`, label: `${rest} more`, name: "", figures: {} });
    return parts;
  };
  const at = (form: "input" | "output", i: number): string => `${form} ${Math.min(i, MOST_ENDS - 1)}`;
  return {
    inputs: list("input", flat.inputs),
    outputs: list(
      "output",
      flat.outputs.map((o) => o.value),
    ),
    idOf: (end) => ("part" in end ? end.part.id : "input" in end ? at("input", end.input) : at("output", end.output)),
  };
}

/** Edges of inputs that were put together may be the same now. */
function mergeEdges(edges: readonly ModelEdge[]): ModelEdge[] {
  const merged = new Map<string, ModelEdge>();
  for (const edge of edges) {
    const key = `${edge.from}\n${edge.to}`;
    const known = merged.get(key);
    merged.set(
      key,
      known === undefined
        ? edge
        : {
            from: edge.from,
            to: edge.to,
            values: [...known.values, ...edge.values].slice(0, MOST_NAMES),
            count: known.count + edge.count,
          },
    );
  }
  return [...merged.values()];
}

const LONG_NAME = 1000;

/** Names come from the file and may be of any length. */
export function cut(text: string, longest = 120): string {
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}
