import { editGraph } from "../graph/edit.ts";
import type { Model, Node } from "../graph/model.ts";
import { shareNodes } from "../graph/share.ts";
import type { ValueFacts } from "../ops/gradient.ts";
import { isTraining, writeTraining } from "../ops/gradients/batchNormalization.ts";
import { startDraft } from "./writer.ts";

/**
 * Rewrites every BatchNormalization in training mode, for which runtimes have no kernel, into primitive ops, and shares
 * what forward and backward pass both compute. To be called after `differentiate`, which needs the nodes whole.
 * Outputs keep their names: y, and the running statistics where the node has them.
 * @param facts ranks and element types of the inputs of these nodes
 * @throws unsupported where a rank is not known
 */
export function expandTraining(model: Model, facts: (value: string) => ValueFacts | undefined): Model {
  const draft = startDraft(model.graph, { opset: model.opsets[""] ?? 0, facts, prefix: "norm" });
  const isExpanded = (node: Node): boolean =>
    node.op === "BatchNormalization" && node.domain === "" && isTraining(node);
  const written = new Map<string, string>();
  for (const node of model.graph.nodes.filter(isExpanded)) {
    const made = writeTraining(draft, node);
    for (const [slot, output] of node.outputs.entries()) if (output !== "") written.set(made[slot]!, output);
  }
  const graph = editGraph(model.graph, (edit) => {
    for (const node of model.graph.nodes.filter(isExpanded)) edit.replace(node);
    edit.add(...draft.nodes.map((node) => renameOutputs(node, written)));
    for (const constant of draft.initializers) edit.setInitializer(constant);
  });
  return Object.freeze({ ...model, graph: shareNodes(graph) });
}

function renameOutputs(node: Node, names: ReadonlyMap<string, string>): Node {
  if (!node.outputs.some((o) => names.has(o))) return node;
  return Object.freeze({ ...node, outputs: node.outputs.map((o) => names.get(o) ?? o) });
}
