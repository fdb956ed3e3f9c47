import { intsOf, stringOf, toAttribute } from "../graph/attributes.ts";
import { tensorArray } from "../graph/build.ts";
import { editGraph, type GraphEdit } from "../graph/edit.ts";
import type { Model, Node } from "../graph/model.ts";

/**
 * Moves zero padding in front of convolutions into the convolutions, as exporters from TensorFlow write it
 * apart. Exact. The runtime does the same for float graphs, and could not any more once quantisers stand between.
 * @param model normalised, constants in memory
 */
export function foldPads(model: Model): Model {
  const pads = model.graph.nodes.filter((n) => n.op === "Pad" && n.domain === "");
  if (pads.length === 0) return model;
  const graph = editGraph(model.graph, (edit) => {
    for (const pad of pads) fold(edit, pad);
  });
  return Object.freeze({ ...model, graph });
}

function fold(edit: GraphEdit, pad: Node): void {
  const { index } = edit;
  const amounts = zeroPads(edit, pad);
  const output = pad.outputs[0] ?? "";
  const uses = index.usesOf(output);
  if (amounts === undefined || uses.length === 0 || index.isOutput(output)) return;
  const rank = amounts.length / 2;
  const isOutside = amounts.some((amount, i) => amount !== 0 && i % rank < 2);
  if (isOutside || !uses.every(({ node, slot }) => slot === 0 && node.op === "Conv" && hasExplicitPads(node))) return;
  const extra = [...amounts.slice(2, rank), ...amounts.slice(rank + 2)];
  for (const { node } of uses) {
    const own = intsOf(node, "pads") ?? extra.map(() => 0);
    const pads = toAttribute(own.map((amount, i) => amount + (extra[i] ?? 0)));
    const now = edit.current(node);
    edit.replace(
      node,
      Object.freeze({
        ...now,
        inputs: [pad.inputs[0] ?? "", ...now.inputs.slice(1)],
        // Beside auto_pad "VALID" the amounts would count for nothing.
        attributes: { ...now.attributes, auto_pad: toAttribute("NOTSET"), pads },
      }),
    );
  }
  edit.replace(pad);
}

const hasExplicitPads = (node: Node): boolean => ["NOTSET", "VALID"].includes(stringOf(node, "auto_pad", "NOTSET"));

/** Begin and end amounts of all axes, where they are constant, not negative, and pad with zero. */
function zeroPads({ index }: GraphEdit, pad: Node): readonly number[] | undefined {
  if (stringOf(pad, "mode", "constant") !== "constant" || pad.inputs.length > 3) return undefined;
  const value = index.initializer.get(pad.inputs[2] ?? "");
  if ((pad.inputs[2] ?? "") !== "" && (value === undefined || tensorArray(value).data.some((x) => Number(x) !== 0)))
    return undefined;
  const attribute = pad.attributes["value"];
  if (attribute?.kind === "float" && attribute.value !== 0) return undefined;
  const constant = index.initializer.get(pad.inputs[1] ?? "");
  // Before opset 11 the amounts are an attribute.
  const amounts = constant === undefined ? intsOf(pad, "pads") : Array.from(tensorArray(constant).data, Number);
  return amounts === undefined || amounts.length < 6 || amounts.some((amount) => amount < 0) ? undefined : amounts;
}
