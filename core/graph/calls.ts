import { subgraphsOf } from "./attributes.ts";
import { functionKey } from "./domains.ts";
import type { FunctionDefinition, Model, Node } from "./model.ts";

/** The functions of a model by what calls of them name. */
export type Functions = ReadonlyMap<string, FunctionDefinition>;

export const functionsOf = ({ functions = [] }: Partial<Pick<Model, "functions">>): Functions =>
  new Map(functions.map((f) => [functionKey(f.domain, f.name, f.overload), f]));

/** Calls within calls beyond which the ops are not counted but taken for endless. */
const MOST_DEEP = 1000;

/**
 * How many ops the calls among nodes stand for, all the way down. Functions that call functions can stand for any number,
 * which is found without walking through it.
 */
export function countCalled(nodes: readonly Node[], functions: Functions): number {
  if (functions.size === 0) return 0;
  const known = new Map<FunctionDefinition, number>();
  const within = (called: FunctionDefinition, depth: number): number => {
    const found = known.get(called);
    if (found !== undefined) return found;
    if (depth > MOST_DEEP) return Infinity;
    // One that calls itself adds nothing more to itself.
    known.set(called, 0);
    const sum = called.nodes.length + count(called.nodes, depth);
    known.set(called, sum);
    return sum;
  };
  const count = (list: readonly Node[], depth: number): number =>
    list.reduce((sum, node) => {
      const called = functions.get(functionKey(node.domain, node.op, node.overload));
      const bodies = subgraphsOf(node).map((body) => (depth > 0 ? body.nodes.length : 0) + count(body.nodes, depth));
      return sum + bodies.reduce((s, n) => s + n, 0) + (called === undefined ? 0 : within(called, depth + 1));
    }, 0);
  return count(nodes, 0);
}
