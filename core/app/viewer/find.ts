import type { FoundParts } from "../../contract/modelView.ts";
import type { ModelParts, Part } from "../../graph/parts.ts";
import { cut } from "./view.ts";

const MOST_FOUND = 100;

/**
 * Parts whose name, operator, tensors or shapes hold the text, whatever the case; names before operators before the
 * rest. A shape is found as "1×64" and as "1x64".
 */
export function findInModel(
  { flat, parents, byId }: ModelParts,
  text: string,
  shapeOf: (value: string | undefined) => string | undefined,
): FoundParts {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return { found: [], total: 0 };
  const shape = wanted.replaceAll("x", "×").replaceAll(" ", "");
  const isShape = /^[\d×]+$/.test(shape);
  const fits = (name: string): boolean => name.toLowerCase().includes(wanted);
  const because = (part: Part): readonly [number, string] | undefined => {
    const node = part.form === "op" ? flat.ops[part.ops[0]!]?.node : undefined;
    if (fits(node?.name ?? part.label)) return [0, "name"];
    if (node === undefined) return undefined;
    if (fits(node.op)) return [1, "operator"];
    const tensor = [...node.outputs, ...node.inputs].find(fits);
    if (tensor !== undefined) return [2, `tensor ${cut(tensor, 60)}`];
    if (!isShape) return undefined;
    const found = [...node.outputs, ...node.inputs].map(shapeOf).find((s) => s?.includes(shape) === true);
    return found === undefined ? undefined : [3, `shape ${found}`];
  };
  const all = [...byId.values()].flatMap((part) => {
    const reason = because(part);
    return reason === undefined ? [] : [{ part, reason }];
  });
  const within = (part: Part): string[] => {
    const around = parents.get(part);
    return around === undefined ? [] : [...within(around), around.id];
  };
  return {
    total: all.length,
    found: all
      .toSorted((a, b) => a.reason[0] - b.reason[0])
      .slice(0, MOST_FOUND)
      .map(({ part, reason }) => ({
        id: part.id,
        label: cut(part.label),
        op: part.form === "op" ? cut(flat.ops[part.ops[0]!]!.node.op) : `${part.ops.length} ops`,
        within: within(part),
        because: reason[1],
      })),
  };
}
