import { intOf } from "../graph/attributes.ts";
import { editGraph } from "../graph/edit.ts";
import type { Model, Node } from "../graph/model.ts";
import { toAttribute } from "../graph/attributes.ts";
import type { Frozen } from "./parameters.ts";

/** A running mean or variance of a batch normalisation in training form. */
export interface Statistic {
  /** The constant that holds it in inference form, and the value that a step reads. */
  readonly name: string;
  /** The value that holds it after a step. */
  readonly next: string;
}

export interface TrainingForm {
  readonly model: Model;
  readonly statistics: readonly Statistic[];
}

/**
 * Puts batch normalisations into training form: they normalise with the statistics of the batch and give the
 * running mean and variance as second and third output (ONNX BatchNormalization, training_mode). Frozen ones, and
 * those whose statistics are no constants of their own, stay as they are; with `all` these too normalise with the
 * statistics of the batch, and nothing follows them.
 * @param model normalised
 */
export function trainBatchNorms(model: Model, isFrozen: Frozen, all = false): TrainingForm {
  const statistics: Statistic[] = [];
  const graph = editGraph(model.graph, (edit) => {
    const isOwn = (name: string | undefined): name is string =>
      name !== undefined && edit.index.initializer.has(name) && edit.index.usesOf(name).length === 1;
    for (const node of model.graph.nodes) {
      if (node.op !== "BatchNormalization" || node.domain !== "" || isFrozen(node.name)) continue;
      const [, , , mean, variance] = node.inputs;
      if (intOf(node, "training_mode", 0) !== 0) continue;
      if (!isOwn(mean) || !isOwn(variance)) {
        if (all) edit.replace(node, inTraining(node, ["", ""]));
        continue;
      }
      const [nextMean, nextVariance] = [edit.fresh(`${mean}.next`), edit.fresh(`${variance}.next`)];
      edit.replace(node, inTraining(node, [nextMean, nextVariance]));
      statistics.push({ name: mean, next: nextMean }, { name: variance, next: nextVariance });
    }
  });
  return { model: Object.freeze({ ...model, graph }), statistics };
}

function inTraining(node: Node, statistics: readonly [string, string]): Node {
  return Object.freeze<Node>({
    ...node,
    outputs: [node.outputs[0] ?? "", ...statistics],
    attributes: { ...node.attributes, training_mode: toAttribute(1) },
  });
}
