import { LatheError } from "../base/error.ts";
import { value } from "../graph/build.ts";
import type { Graph, Model } from "../graph/model.ts";
import type { ValueFacts } from "../ops/gradient.ts";
import type { Differentiated } from "./differentiate.ts";
import { startDraft } from "./writer.ts";

export interface Directional {
  /** The model with one more input per gradient and the slope among its outputs. */
  readonly model: Model;
  /** Σ gradient ⊙ direction over all gradients, a scalar. */
  readonly slope: string;
  /** Value → the input that holds its direction, in the value's shape. */
  readonly directions: ReadonlyMap<string, string>;
}

/**
 * Adds the slope of a differentiated loss along a direction that is fed. The gradient of the slope is the product of
 * the loss's Hessian with that direction (Pearlmutter 1994, "Fast exact multiplication by the Hessian"), so that a
 * second `differentiate` from the slope to the same values gives Hessian-vector products.
 * @param facts of the values that were differentiated by
 * @throws invalid-argument where there are no gradients, or nothing is known of such a value
 */
export function directional(
  { model, gradients }: Differentiated,
  facts: (value: string) => ValueFacts | undefined,
): Directional {
  const draft = startDraft(model.graph, { opset: model.opsets[""] ?? 0, facts, prefix: "slope" });
  const directions = new Map<string, string>();
  const inputs = [...model.graph.inputs];
  const terms = [...gradients].map(([name, gradient]) => {
    const known = facts(name);
    if (known === undefined) throw new LatheError("invalid-argument", `Nothing is known of "${name}".`);
    const direction = draft.fresh(`direction.${name}`);
    inputs.push(value(direction, known.type, known.dims));
    directions.set(name, direction);
    return draft.op("ReduceSum", [draft.op("Mul", [gradient, direction])], { keepdims: 0 });
  });
  const [first] = terms;
  if (first === undefined) throw new LatheError("invalid-argument", "There are no gradients to take a slope of.");
  const slope = terms.length === 1 ? first : draft.op("Sum", terms);
  const graph: Graph = Object.freeze({
    ...model.graph,
    inputs,
    outputs: [...model.graph.outputs, { name: slope }],
    nodes: [...model.graph.nodes, ...draft.nodes],
    initializers: [...model.graph.initializers, ...draft.initializers],
  });
  return { model: Object.freeze({ ...model, graph }), slope, directions };
}
