import { LatheError } from "../base/error.ts";
import { subgraphsOf } from "../graph/attributes.ts";
import { EXPORT_AGAIN } from "./hints.ts";
import type { FunctionDefinition, Graph, Model, Node } from "../graph/model.ts";

/** What onnxruntime 1.30 loads at most; found by trying. */
export const SUPPORTED = Object.freeze({
  irVersion: 13,
  opsets: Object.freeze<Record<string, number>>({ "": 26, "ai.onnx.ml": 5 }),
});

/**
 * Checks what every later step relies on: versions, one maker per value, no use of a value that nothing makes,
 * functions that do not call themselves. Orders and cycles were dealt with when the nodes were sorted.
 * @throws invalid-model; unsupported for a version that is too new.
 */
export function validateModel(model: Model, name: string): void {
  checkVersions(model, name);
  checkGraph(model.graph, undefined);
  for (const definition of model.functions) checkFunction(definition);
  checkCalls(model.functions);
}

function checkVersions({ irVersion, opsets }: Model, name: string): void {
  if (irVersion > SUPPORTED.irVersion) {
    throw new LatheError(
      "unsupported",
      `"${name}" has IR version "${irVersion}"; onnxruntime 1.30 loads at most ${SUPPORTED.irVersion}.`,
      { hint: "Export the model with an older IR version." },
    );
  }
  if (Object.keys(opsets).length === 0) {
    throw new LatheError("invalid-model", `"${name}" imports no operator set, so its operators have no meaning.`, {
      hint: "Export the model again with a current exporter.",
    });
  }
  for (const [domain, version] of Object.entries(opsets)) {
    const shown = domain === "" ? "ai.onnx" : domain;
    if (version < 1 || !Number.isSafeInteger(version))
      throw new LatheError("invalid-model", `"${name}" imports ${shown} opset "${version}"; there is none such.`, {
        hint: EXPORT_AGAIN,
      });
    const newest = Object.hasOwn(SUPPORTED.opsets, domain) ? (SUPPORTED.opsets[domain] ?? Infinity) : Infinity;
    if (version > newest) {
      throw new LatheError(
        "unsupported",
        `"${name}" imports ${shown} opset "${version}"; onnxruntime 1.30 supports at most ${newest}.`,
        {
          hint: `Export the model with opset ${newest} or below.`,
        },
      );
    }
  }
}

/** Names of a graph, and of those around it. */
interface Names {
  readonly own: Set<string>;
  readonly outer: Names | undefined;
}

function isVisible(names: Names, name: string): boolean {
  for (let at: Names | undefined = names; at !== undefined; at = at.outer) if (at.own.has(name)) return true;
  return false;
}

/** `outer`: names visible from the graphs around this one. */
function checkGraph(graph: Graph, outer: Names | undefined): void {
  const where = `graph "${graph.name}"`;
  const names: Names = { own: new Set(), outer };
  const visible = names.own;
  const own = new Map<string, string>();
  for (const input of graph.inputs) define(own, { name: input.name, maker: "an input", where });
  for (const name of own.keys()) visible.add(name);
  // An initializer may give an input its default, and onnxruntime lets the last of several equal names win.
  for (const tensor of graph.initializers) visible.add(tensor.name);
  for (const { values } of graph.sparseInitializers) visible.add(values.name);
  for (const tensor of graph.initializers) if (!own.has(tensor.name)) own.set(tensor.name, "an initializer");
  for (const { values } of graph.sparseInitializers) if (!own.has(values.name)) own.set(values.name, "an initializer");
  checkNodes(graph.nodes, { own, names, where });
  for (const output of graph.outputs) {
    if (!isVisible(names, output.name)) {
      throw new LatheError("invalid-model", `Output "${output.name}" of ${where} is made by nothing.`, {
        hint: EXPORT_AGAIN,
      });
    }
  }
}

function checkFunction(definition: FunctionDefinition): void {
  const where = `function "${definition.name}"`;
  const own = new Map<string, string>();
  for (const name of definition.inputs) define(own, { name, maker: "an input", where });
  const names: Names = { own: new Set(own.keys()), outer: undefined };
  checkNodes(definition.nodes, { own, names, where });
  for (const name of definition.outputs) {
    if (!isVisible(names, name)) {
      throw new LatheError("invalid-model", `Output "${name}" of ${where} is made by nothing.`, { hint: EXPORT_AGAIN });
    }
  }
}

interface Scope {
  readonly own: Map<string, string>;
  readonly names: Names;
  readonly where: string;
}

/** Nodes stand in order here, so a name that is not visible yet is made nowhere. */
function checkNodes(nodes: readonly Node[], { own, names, where }: Scope): void {
  for (const node of nodes) {
    const maker = `${node.op} "${node.name}"`;
    if (node.op === "")
      throw new LatheError("invalid-model", `Node "${node.name}" in ${where} has no operator.`, { hint: EXPORT_AGAIN });
    for (const input of node.inputs) {
      if (input !== "" && !isVisible(names, input)) {
        throw new LatheError("invalid-model", `${maker} in ${where} uses "${input}", which nothing makes.`, {
          hint: EXPORT_AGAIN,
        });
      }
    }
    for (const body of subgraphsOf(node)) checkGraph(body, names);
    for (const output of node.outputs) {
      if (output === "") continue;
      define(own, { name: output, maker, where });
      names.own.add(output);
    }
  }
}

function define(
  own: Map<string, string>,
  { name, maker, where }: { name: string; maker: string; where: string },
): void {
  const before = own.get(name);
  if (before !== undefined) {
    throw new LatheError("invalid-model", `Value "${name}" in ${where} is made twice: by ${before} and by ${maker}.`, {
      hint: EXPORT_AGAIN,
    });
  }
  own.set(name, maker);
}

const keyOf = (f: { domain: string; overload?: string }, op: string): string =>
  JSON.stringify([f.domain, op, f.overload ?? ""]);

function checkCalls(functions: readonly FunctionDefinition[]): void {
  const byKey = new Map<string, FunctionDefinition>();
  for (const definition of functions) {
    const key = keyOf(definition, definition.name);
    if (byKey.has(key)) {
      throw new LatheError(
        "invalid-model",
        `Function "${definition.name}" of domain "${definition.domain}" is defined twice.`,
        {
          hint: EXPORT_AGAIN,
        },
      );
    }
    byKey.set(key, definition);
  }
  const left = new Map<string, Set<string>>();
  const callers = new Map<string, string[]>();
  for (const [key, { nodes }] of byKey) {
    const called = new Set([...calls(nodes)].filter((other) => byKey.has(other)));
    left.set(key, called);
    for (const other of called) {
      const list = callers.get(other);
      if (list === undefined) callers.set(other, [key]);
      else list.push(key);
    }
  }
  // Take away functions that call nothing any more; what stays calls itself in a circle.
  const done = [...left].flatMap(([key, called]) => (called.size === 0 ? [key] : []));
  for (let key = done.pop(); key !== undefined; key = done.pop()) {
    left.delete(key);
    for (const caller of callers.get(key) ?? []) {
      const called = left.get(caller);
      called?.delete(key);
      if (called?.size === 0) done.push(caller);
    }
  }
  const [stuck] = left.keys();
  const definition = stuck === undefined ? undefined : byKey.get(stuck);
  if (definition !== undefined) {
    throw new LatheError("invalid-model", `Function "${definition.name}" calls itself, directly or through others.`, {
      hint: "ONNX functions cannot recurse; export the model again.",
    });
  }
}

function* calls(nodes: readonly Node[]): Generator<string> {
  for (const node of nodes) {
    yield keyOf(node, node.op);
    for (const body of subgraphsOf(node)) yield* calls(body.nodes);
  }
}
