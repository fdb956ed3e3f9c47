import { withSubgraphs } from "./attributes.ts";
import type { Model, Node } from "./model.ts";

/** A model whose nodes have names of their own, and how many had to be renamed. */
export interface Renamed {
  readonly model: Model;
  readonly count: number;
  /** A name that several nodes had. */
  readonly example: string | undefined;
}

/**
 * Gives nodes that share a name with an earlier one of the same graph a name of their own; the runtime refuses a model
 * with equal names, and what is measured and found is kept by name. Nodes without a name stay so. The same model where
 * nothing had to be done.
 */
export function withUniqueNames(model: Model): Renamed {
  let count = 0;
  let example: string | undefined;
  const unique = (nodes: readonly Node[]): readonly Node[] => {
    const taken = new Map<string, number>(nodes.map(({ name }) => [name, 1]));
    const seen = new Set<string>();
    return nodes.map((node): Node => {
      const inner = withSubgraphs(node, (body) => Object.freeze({ ...body, nodes: unique(body.nodes) }));
      if (node.name === "" || !seen.has(node.name)) {
        seen.add(node.name);
        return inner;
      }
      count++;
      example ??= node.name;
      let number = taken.get(node.name) ?? 1;
      let name: string;
      do name = `${node.name}_${++number}`;
      while (taken.has(name));
      taken.set(node.name, number);
      taken.set(name, 1);
      return Object.freeze({ ...inner, name });
    });
  };
  const graph = Object.freeze({ ...model.graph, nodes: unique(model.graph.nodes) });
  const functions = model.functions.map((f) => Object.freeze({ ...f, nodes: unique(f.nodes) }));
  return count === 0
    ? { model, count, example }
    : { model: Object.freeze({ ...model, graph, functions }), count, example };
}
