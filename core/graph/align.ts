import { sections, type Item } from "./blocks.ts";
import { flattenModel, type Callable, type FlatGraph, type Step } from "./flat.ts";
import type { Matching } from "./match.ts";
import type { Node } from "./model.ts";
import { findParts, makeParts, type ModelParts, type Part } from "./parts.ts";

/** Below this share of nodes in common, the blocks of one model say nothing of another. */
const COMMON = 0.3;

/**
 * The parts of a model in the blocks of another one that it was made from, or the other way round: what is the same in
 * both has the same id and stands in the same block, and what was added stands in the block of what it feeds.
 * @param matching nodes of the reference → nodes of the model
 */
export function alignParts(
  model: Callable,
  reference: ModelParts,
  { matching, step = () => undefined }: { readonly matching: Matching; readonly step?: Step },
): ModelParts {
  const flat = flattenModel(model, { step });
  const main = flat.ops.flatMap((op, i) => (op.owner < 0 ? [i] : []));
  const places = new Map<Node, number>(main.map((i) => [flat.ops[i]!.node, i]));
  const counterpart = new Map<number, Part>();
  reference.flat.ops.forEach(({ node, owner }, i) => {
    const there = owner < 0 ? matching.nodes.get(node) : undefined;
    const place = there === undefined ? undefined : places.get(there);
    if (place !== undefined) counterpart.set(place, reference.ofOp[i]!);
  });
  if (counterpart.size < COMMON * main.length && counterpart.size < COMMON * mainOps(reference))
    return findParts(model, { step });
  const own = opItems(findParts(model, { step }));
  const blocks = placeOps({ flat, main, reference, counterpart });
  const build = (block: Part | undefined, parts: readonly Part[]): Item[] => {
    const inner = parts.flatMap((part): Item[] => {
      if (part.form === "op") return [];
      const items = build(part, part.parts);
      if (items.length === 0) return [];
      const ops = items.flatMap((i) => i.ops).toSorted((a, b) => a - b);
      return [{ form: part.form, label: part.label, id: part.id, ops, parts: items }];
    });
    const ops = (blocks.get(block) ?? []).map((i) => own.get(i)!);
    return sections([...inner, ...ops].toSorted((a, b) => a.ops[0]! - b.ops[0]!));
  };
  return makeParts(flat, build(undefined, reference.parts), { idOf: (op) => counterpart.get(op)?.id, step });
}

const mainOps = ({ flat }: ModelParts): number => flat.ops.filter((op) => op.owner < 0).length;

/** Ops as items, with the bodies that they carry. */
function opItems({ ofOp, flat }: ModelParts): ReadonlyMap<number, Item> {
  const toItem = ({ form, label, ops, parts }: Part): Item => ({ form, label, ops, parts: parts.map(toItem) });
  return new Map(ofOp.flatMap((part, i) => (flat.ops[i]!.owner < 0 ? [[i, toItem(part)] as const] : [])));
}

interface Placing {
  readonly flat: FlatGraph;
  readonly main: readonly number[];
  readonly reference: ModelParts;
  readonly counterpart: ReadonlyMap<number, Part>;
}

/** Ops by the block of the reference in which they belong; undefined: the highest level. */
function placeOps({ flat, main, reference, counterpart }: Placing): ReadonlyMap<Part | undefined, number[]> {
  const block = new Map<number, Part | undefined>();
  for (const [op, part] of counterpart) block.set(op, reference.parents.get(part));
  // What was added goes with the first that reads it, or else with what it reads.
  for (const i of main.toReversed()) {
    for (const { from } of flat.ops[i]!.sources)
      if (from >= 0 && flat.ops[from]!.owner < 0 && !counterpart.has(from) && block.has(i))
        block.set(from, block.get(i));
  }
  for (const i of main) {
    if (block.has(i)) continue;
    const known = flat.ops[i]!.sources.find(({ from }) => block.has(from));
    block.set(i, known === undefined ? undefined : block.get(known.from));
  }
  const found = new Map<Part | undefined, number[]>();
  for (const i of main) {
    const list = found.get(block.get(i));
    if (list === undefined) found.set(block.get(i), [i]);
    else list.push(i);
  }
  return found;
}
