import { subgraphsOf } from "../graph/attributes.ts";
import { graph as makeGraph, node as makeNode } from "../graph/build.ts";
import { isOnnx, opsetOf } from "../graph/domains.ts";
import { editGraph } from "../graph/edit.ts";
import type { Attribute, FunctionDefinition, Graph, Model, Node, Tensor } from "../graph/model.ts";
import { freshNames } from "../graph/uses.ts";
import { irVersionOf, NEWEST_OPSET, versionsOf, type Surroundings } from "../ops/versions.ts";

export type OpsetChange =
  | { readonly model: Model }
  /** Why it cannot be brought there. */
  | { readonly reason: string };

/** Before it, broadcasting of arithmetic was asked for by attribute. */
export const OLDEST_OPSET = 7;

/**
 * Brings a model to a newer or older operator set of the ONNX domain. Each node is taken through the definitions of its
 * op in between (`core/ops/versions`): what became an input is moved there or back, what means something else is
 * refused. Nodes in subgraphs and functions take part. On the way down the element types are the runtime's to check.
 */
export function changeOpset(model: Model, to: number): OpsetChange {
  const from = opsetOf(model);
  if (from === to) return { model };
  const bound = from < OLDEST_OPSET ? from : to < OLDEST_OPSET || to > NEWEST_OPSET ? to : undefined;
  if (bound === from)
    return { reason: `opset ${from} is too old; ${OLDEST_OPSET} is the oldest that can be brought to ${to}` };
  if (bound !== undefined) return { reason: `opset ${to} is not between ${OLDEST_OPSET} and ${NEWEST_OPSET}` };
  if (from > NEWEST_OPSET) return { reason: `opset ${from} is newer than ${NEWEST_OPSET}, the newest that is known` };
  const walk = new Walk({ from, to }, freshNames(model.graph));
  const constants = new Map(model.graph.initializers.map((t) => [t.name, t]));
  const graph = editGraph(model.graph, (edit) => {
    const around = surroundings(model.graph.nodes, constants, {
      fresh: walk.fresh,
      add: (constant) => edit.setInitializer(constant),
    });
    for (const node of model.graph.nodes) {
      const nodes = walk.through(node, around);
      if (nodes.length !== 1 || nodes[0] !== node) edit.replace(node, ...nodes);
    }
  });
  const functions = model.functions.map((f) => walk.throughFunction(f));
  if (walk.refusal !== undefined) return { reason: walk.refusal };
  const opsets = Object.fromEntries(
    Object.entries({ ...model.opsets }).map(([domain, v]) => [domain, isOnnx(domain) ? to : v]),
  );
  const changed = Object.freeze({ ...model, opsets, graph, functions });
  return { model: Object.freeze({ ...changed, irVersion: irVersionFor(changed, to > from) }) };
}

/** A newer operator set needs its own IR version; an older one is read by runtimes that know no newer one. */
function irVersionFor({ irVersion, opsets, functions, graph }: Model, isNewer: boolean): number {
  const own = irVersionOf(opsetOf({ opsets }));
  if (isNewer) return Math.max(irVersion, own);
  // ONNX, Versioning.md: initializers that are no inputs came with IR 4, functions with IR 8.
  const inputs = new Set(graph.inputs.map((v) => v.name));
  const needed = functions.length > 0 ? 8 : graph.initializers.every((t) => inputs.has(t.name)) ? 3 : 4;
  return Math.min(irVersion, Math.max(own, needed));
}

/** Answers for constants: those around, and what nodes named Constant hold. */
function surroundings(
  nodes: readonly Node[],
  outer: ReadonlyMap<string, Tensor>,
  parts: Pick<Surroundings, "fresh" | "add">,
): Surroundings {
  const held = new Map(outer);
  for (const { op, domain, outputs, attributes } of nodes) {
    const value = attributes["value"];
    if (op === "Constant" && isOnnx(domain) && value?.kind === "tensor") held.set(outputs[0] ?? "", value.value);
  }
  const constant = (name: string): Tensor | undefined => {
    const found = held.get(name);
    return found?.data.kind === "bytes" ? found : undefined;
  };
  return { ...parts, constant };
}

interface Bounds {
  readonly from: number;
  readonly to: number;
}

/** Takes nodes from one operator set to another and remembers the first that does not go. */
class Walk {
  refusal: string | undefined;
  readonly fresh: (wish: string) => string;
  readonly #bounds: Bounds;

  constructor(bounds: Bounds, fresh: (wish: string) => string) {
    this.#bounds = bounds;
    this.fresh = fresh;
  }

  /** The nodes that do on the other side what this one does; itself where nothing changed. */
  through(node: Node, around: Surroundings): readonly Node[] {
    const whole = this.#withBodies(node, around);
    if (!isOnnx(whole.domain)) return [whole];
    let nodes: readonly Node[] = [whole];
    const isUp = this.#bounds.to > this.#bounds.from;
    const [low, high] = isUp ? [this.#bounds.from, this.#bounds.to] : [this.#bounds.to, this.#bounds.from];
    const steps = Array.from({ length: high - low }, (_, i) => (isUp ? low + 1 + i : high - i));
    for (const step of steps) {
      const next: Node[] = [];
      for (const one of nodes) {
        const made = this.#step(one, { step, isUp }, around);
        if (typeof made === "string") {
          this.refusal ??= `${node.op} "${node.name}"${made}`;
          return [node];
        }
        next.push(...made);
      }
      nodes = next;
    }
    return nodes;
  }

  #step(
    node: Node,
    { step, isUp }: { readonly step: number; readonly isUp: boolean },
    around: Surroundings,
  ): readonly Node[] | string {
    const versions = versionsOf(node.op);
    if (versions === undefined) {
      const [older] = isUp ? [this.#bounds.from] : [this.#bounds.to];
      return ` may have changed since opset ${older}`;
    }
    const first = versions[0]?.since ?? 1;
    if (!isUp && step === first) return `: opset ${this.#bounds.to} has no ${node.op}, which opset ${first} brought`;
    const change = versions.find((v) => v.since === step);
    if (change === undefined) return [node];
    const made = (isUp ? change.up : change.down)(node, around);
    return typeof made === "string" ? `: ${made}` : made;
  }

  #withBodies(node: Node, around: Surroundings): Node {
    if (subgraphsOf(node).length === 0) return node;
    const attributes = Object.entries(node.attributes).map(([name, a]): [string, Attribute] => {
      if (a.kind === "graph") return [name, { ...a, value: this.#throughBody(a.value, around) }];
      if (a.kind === "graphs") return [name, { ...a, value: a.value.map((g) => this.#throughBody(g, around)) }];
      return [name, a];
    });
    return Object.freeze({ ...node, attributes: Object.fromEntries(attributes) });
  }

  #throughBody(body: Graph, outer: Surroundings): Graph {
    const added: Tensor[] = [];
    const own = new Map(body.initializers.map((t) => [t.name, t]));
    const inner = surroundings(body.nodes, own, { fresh: this.fresh, add: (constant) => void added.push(constant) });
    const around = { ...inner, constant: (name: string) => inner.constant(name) ?? outer.constant(name) };
    const nodes = body.nodes.flatMap((node) => this.through(node, around));
    return Object.freeze({ ...body, nodes, initializers: [...body.initializers, ...added] });
  }

  /** Functions have no initializers: their constants are nodes. */
  throughFunction(definition: FunctionDefinition): FunctionDefinition {
    const own = opsetOf(definition);
    if (own === 0 || own === this.#bounds.to) return definition;
    const names = (list: readonly string[]) => list.map((name) => ({ name }));
    const fresh = freshNames(
      makeGraph({ inputs: names(definition.inputs), outputs: names(definition.outputs), nodes: definition.nodes }),
    );
    const walk = new Walk({ from: own, to: this.#bounds.to }, fresh);
    const nodes = definition.nodes.flatMap((node) => {
      const constants: Node[] = [];
      const around = surroundings(definition.nodes, new Map(), {
        fresh,
        add: (value) => void constants.push(makeNode("Constant", [[], [value.name]], { attributes: { value } })),
      });
      const made = walk.through(node, around);
      return [...constants, ...made];
    });
    if (walk.refusal !== undefined) this.refusal ??= `function "${definition.name}": ${walk.refusal}`;
    const opsets = Object.fromEntries(
      Object.entries(definition.opsets).map(([domain, v]) => [domain, isOnnx(domain) ? this.#bounds.to : v]),
    );
    return Object.freeze({ ...definition, nodes, opsets });
  }
}
