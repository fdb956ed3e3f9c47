import { subgraphsOf } from "./attributes.ts";
import { countCalled, functionsOf } from "./calls.ts";
import type { Model, Node } from "./model.ts";

/** Domains whose operators onnxruntime's own build implements. */
const RUNTIME_DOMAINS: ReadonlySet<string> = new Set([
  "",
  "ai.onnx.ml",
  "ai.onnx.preview",
  "com.microsoft",
  "com.microsoft.nchwc",
  "com.ms.internal.nhwc",
]);

/**
 * Ops that calls of functions may stand for: the runtime, and what trains, puts every one of them in place of its call. It
 * loads 65,000 of them in ten seconds, and four times as many in minutes.
 */
const MOST_CALLED = 100_000;

/**
 * Why onnxruntime cannot run the model, or undefined where nothing speaks against it: operators of domains that it
 * does not know and that no function of the model defines, or functions that stand for too much. Such a model can be
 * shown and compared all the same.
 */
export function whyNotRunnable(model: Model): string | undefined {
  const called = countCalled(model.graph.nodes, functionsOf(model));
  if (called > MOST_CALLED) {
    const count = Number.isFinite(called) ? called.toPrecision(3) : "endlessly many";
    return `its functions call each other so often that they stand for "${count}" ops; ${MOST_CALLED} may be run.`;
  }
  const defined = new Set(model.functions.map((f) => JSON.stringify([f.domain, f.name])));
  const foreign = new Map<string, Set<string>>();
  let count = 0;
  for (const node of allNodes([...model.graph.nodes, ...model.functions.flatMap((f) => f.nodes)])) {
    if (RUNTIME_DOMAINS.has(node.domain) || defined.has(JSON.stringify([node.domain, node.op]))) continue;
    count++;
    const ops = foreign.get(node.domain) ?? new Set();
    foreign.set(node.domain, ops.add(node.op));
  }
  if (count === 0) return undefined;
  const named = [...foreign].map(([domain, ops]) => `${[...ops].sort().join(", ")} of domain "${domain}"`);
  return `onnxruntime does not know ${named.join("; ")} (${count} ${count === 1 ? "node" : "nodes"}).`;
}

function* allNodes(nodes: readonly Node[]): Generator<Node> {
  for (const node of nodes) {
    yield node;
    for (const body of subgraphsOf(node)) yield* allNodes(body.nodes);
  }
}
