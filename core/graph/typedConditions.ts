import { withSubgraphs } from "./attributes.ts";
import { value } from "./build.ts";
import type { Graph, Model, Node, Value } from "./model.ts";

/**
 * The model with what a Loop's body gives as its condition declared as bool, whatever was declared, in all bodies and
 * functions (ONNX §Loop: output 0 of the body). The runtime does not look at that until the loop runs, and then fails;
 * but it compares what is declared with what it infers when it loads a model.
 */
export function withTypedConditions(model: Model): Model {
  const functions = model.functions.map((f) => Object.freeze({ ...f, nodes: f.nodes.map(typed) }));
  return Object.freeze({ ...model, graph: withTypedBodies(model.graph), functions });
}

const withTypedBodies = (graph: Graph): Graph => Object.freeze({ ...graph, nodes: graph.nodes.map(typed) });

function typed(node: Node): Node {
  return withSubgraphs(node, (body) => {
    const inner = withTypedBodies(body);
    const [condition, ...others] = inner.outputs;
    if (node.op !== "Loop" || node.domain !== "" || condition === undefined) return inner;
    return Object.freeze({ ...inner, outputs: [asBool(condition), ...others] });
  });
}

const asBool = ({ name, type }: Value): Value =>
  value(name, "bool", type?.kind === "tensor" ? type.dims?.map(({ size }) => size ?? "?") : undefined);
