import type { ElementType } from "../base/elementType.ts";
import { LatheError } from "../base/error.ts";
import { opsetOf } from "../graph/domains.ts";
import type { Graph, Model, Node } from "../graph/model.ts";
import { sortNodes } from "../graph/order.ts";
import type { Gradient, GradientRule, GraphWriter, ValueFacts } from "../ops/gradient.ts";
import { scalarOf } from "../ops/constants.ts";
import { opOf } from "../ops/registry.ts";
import { expandNodes, readBy, upstream } from "./expandNodes.ts";
import { mergeProducts } from "./mergeProducts.ts";
import { startDraft, type Draft } from "./writer.ts";

export interface Request {
  /** Scalar losses or other outputs to start from → the value that holds their gradient; undefined: ones. */
  readonly from: Readonly<Record<string, string | undefined>>;
  /** Values (inputs, constants, inner values) whose gradient is wanted. */
  readonly to: readonly string[];
  /** Element type and sizes of every float value on the way (`core/measure` finds them by running). */
  readonly facts: (value: string) => ValueFacts | undefined;
  /** Rules that a device brings instead of the declared ones; undefined leaves a node to its declaration. */
  readonly rules?: ((write: GraphWriter, node: Node, graph: Graph) => GradientRule | undefined) | undefined;
}

export interface Differentiated {
  /** The model with the backward nodes appended; outputs are as they were. */
  readonly model: Model;
  /** Value → the value that holds its gradient. A value that nothing depends on is absent. */
  readonly gradients: ReadonlyMap<string, string>;
}

/** The first opset whose reductions and squeezes take their axes as inputs. */
const OLDEST = 13;

/**
 * Reverse-mode differentiation as a rewrite: appends to a graph, as ordinary ONNX nodes, the gradients of
 * some of its values with respect to others. Knows no op by name: rules come from the declarations.
 * Differentiating the result again gives second derivatives.
 * @throws unsupported naming the node and the reason, where the way leads through an op without a rule.
 */
export function differentiate(model: Model, request: Request): Differentiated {
  const opset = opsetOf(model);
  if (opset < OLDEST) {
    throw new LatheError(
      "unsupported",
      `Gradients are written at opset ${OLDEST} or newer; this model has "${opset}".`,
      {
        hint: "Bring it to a newer opset first (upgradeOpset).",
      },
    );
  }
  const draft = startDraft(model.graph, { opset, facts: request.facts });
  const graph = expanded(model, request, draft);
  const forward = draft.nodes.length;
  const wanted = downstream({ graph, opsets: model.opsets }, request.to);
  const parts = new Map<string, string[]>();
  for (const [value, seed] of Object.entries(request.from)) parts.set(value, [seed ?? onesLike(draft, value)]);
  const gradients = new Map<string, string>();
  const gradientOf = (value: string): string | undefined => {
    const sum = gradients.get(value) ?? addUp(draft, parts.get(value));
    if (sum !== undefined) gradients.set(value, copyFacts(draft, { from: value, to: sum }));
    return sum;
  };

  for (const node of graph.nodes.toReversed()) {
    if (!readBy(node).some((input) => wanted.has(input)) || !node.outputs.some((output) => parts.has(output))) continue;
    const rule = request.rules?.(draft, node, graph) ?? opOf(node, model.opsets)?.gradient;
    if (rule === "stops") continue;
    if (typeof rule !== "function") throw noRule(node, reasonOf(rule));
    const dy = node.outputs.map((output) => (output === "" ? undefined : gradientOf(output)));
    const needs = (slot: number): boolean => wanted.has(node.inputs[slot] ?? "");
    const dx = rule(draft, { node, dy, needs, graph });
    for (const [slot, input] of node.inputs.entries()) {
      const part = dx[slot];
      if (part === undefined || !wanted.has(input)) continue;
      parts.set(input, [...(parts.get(input) ?? []), part]);
    }
  }
  const found = request.to.flatMap((value) => {
    const gradient = gradientOf(value);
    return gradient === undefined ? [] : [[value, gradient] as const];
  });
  const made = new Set(found.map(([, gradient]) => gradient));
  const backward = mergeProducts(draft.nodes.slice(forward), { fresh: draft.fresh, isKept: (name) => made.has(name) });
  const after: Graph = Object.freeze({
    ...graph,
    nodes: sortNodes([...graph.nodes, ...backward]),
    initializers: [...graph.initializers, ...draft.initializers],
  });
  return { model: Object.freeze({ ...model, graph: after }), gradients: new Map(found) };
}

/** The graph with the nodes that stand for several replaced by these, where gradients flow through them. */
function expanded(model: Model, request: Request, draft: Draft): Graph {
  const wanted = downstream(model, request.to);
  const used = upstream(model.graph, Object.keys(request.from));
  const isOnTheWay = (node: Node): boolean =>
    readBy(node).some((input) => wanted.has(input)) && node.outputs.some((output) => used.has(output));
  return { ...model.graph, nodes: expandNodes(model, draft, isOnTheWay) };
}

/** The values through which some of these are reached by a gradient, and these. */
function downstream({ graph, opsets }: Pick<Model, "graph" | "opsets">, from: readonly string[]): ReadonlySet<string> {
  const reached = new Set(from);
  for (const node of graph.nodes) {
    if (readBy(node).some((input) => reached.has(input)) && opOf(node, opsets)?.gradient !== "stops") {
      for (const output of node.outputs) if (output !== "") reached.add(output);
    }
  }
  return reached;
}

/** Σ of the parts; one part is itself. */
function addUp(draft: Draft, parts: readonly string[] | undefined): string | undefined {
  if (parts === undefined || parts.length < 2) return parts?.[0];
  return parts.length === 2 ? draft.op("Add", parts) : draft.op("Sum", parts);
}

function onesLike(draft: Draft, value: string): string {
  const facts = draft.facts(value);
  if (facts === undefined)
    throw new LatheError("invalid-argument", `Nothing is known of "${value}", where the gradient starts.`);
  const one = scalarOf(draft, 1, facts.type);
  return facts.dims.length === 0 ? one : draft.op("Expand", [one, draft.op("Shape", [value])]);
}

function copyFacts(draft: Draft, { from, to }: { readonly from: string; readonly to: string }): string {
  const facts = draft.facts(from);
  // The gradient of a quantised value is a float of the same shape.
  return facts === undefined || !FLOATS.has(facts.type) ? to : draft.note(to, facts);
}

const FLOATS: ReadonlySet<ElementType> = new Set(["float32", "float64", "float16", "bfloat16"]);

function reasonOf(rule: Gradient | undefined): string {
  return typeof rule === "object" && "unsupported" in rule ? rule.unsupported : "Lathe does not know this op";
}

function noRule(node: Node, reason: string): LatheError {
  return new LatheError(
    "unsupported",
    `${node.op} "${node.name || (node.outputs[0] ?? "")}": no gradient, because ${reason}.`,
    {
      hint: "Freeze the layers before it, or choose a method that does not train.",
      details: { op: node.op, node: node.name },
    },
  );
}
