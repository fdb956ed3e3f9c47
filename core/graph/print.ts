import { describeAttribute, describeSparse, describeTensor, describeType, describeValue, quote } from "./describe.ts";
import type { Attribute, Extras, FunctionDefinition, Graph, Model, Node, Value } from "./model.ts";

export interface PrintOptions {
  /** Nodes shown per graph; the rest is counted. By default all. */
  readonly maximumNodes?: number;
  /** Adds the recorded types of inner values. */
  readonly values?: boolean;
}

/** A model as readable text, one line per input, output, constant and node; bodies of control flow are indented. */
export function printModel(model: Model, options: PrintOptions = {}): string {
  const producer = [model.producer, model.producerVersion].filter((text) => text !== "").join(" ");
  const lines = [
    `model: IR version ${model.irVersion}${producer === "" ? "" : `, by ${producer}`}`,
    `opsets: ${printOpsets(model.opsets)}`,
    ...printExtras(model),
    ...printGraph(model.graph, options),
    ...model.functions.flatMap((f) => printFunction(f, options)),
  ];
  return `${lines.join("\n")}\n`;
}

function printOpsets(opsets: Readonly<Record<string, number>>): string {
  return Object.entries(opsets)
    .map(([domain, version]) => `${domain || "ai.onnx"} ${version}`)
    .join(", ");
}

function printExtras({ doc, metadata }: Extras): string[] {
  return [
    ...(doc === undefined ? [] : [`doc: ${quote(doc)}`]),
    ...Object.entries(metadata ?? {}).map(([key, text]) => `metadata: ${key} = ${quote(text)}`),
  ];
}

/** The lines of one graph. */
export function printGraph(graph: Graph, options: PrintOptions = {}): string[] {
  const body = [
    ...printExtras(graph),
    ...graph.inputs.map((v) => `input  ${describeValue(v)}`),
    ...graph.initializers.map((t) => `const  ${t.name}: ${describeTensor(t)}`),
    ...graph.sparseInitializers.map((s) => `const  ${s.values.name}: ${describeSparse(s)}`),
    ...graph.annotations.map((a) => `quantization of ${a.tensor}: ${JSON.stringify(a.parameters)}`),
    ...printNodes(graph.nodes, graph.values, options),
    ...graph.outputs.map((v) => `output ${describeValue(v)}`),
  ];
  return [`graph ${quote(graph.name)}`, ...indent(body)];
}

function printFunction(definition: FunctionDefinition, options: PrintOptions): string[] {
  const defaults = Object.entries(definition.defaults).map(([name, a]) => `${name} = ${describeAttribute(a)}`);
  const attributes = [...definition.attributes, ...defaults];
  const overload = definition.overload === undefined ? "" : `:${definition.overload}`;
  const head =
    `function ${definition.domain || "ai.onnx"}.${definition.name}${overload}` +
    `(${definition.inputs.join(", ")}) -> (${definition.outputs.join(", ")})` +
    (attributes.length === 0 ? "" : ` {${attributes.join(", ")}}`);
  const body = [
    `opsets: ${printOpsets(definition.opsets)}`,
    ...printExtras(definition),
    ...printNodes(definition.nodes, definition.values, options),
  ];
  return [head, ...indent(body)];
}

function printNodes(nodes: readonly Node[], values: readonly Value[], options: PrintOptions): string[] {
  const types = new Map(options.values === true ? values.map((v) => [v.name, v.type]) : []);
  const maximum = options.maximumNodes ?? Infinity;
  const lines = nodes.slice(0, maximum).flatMap((node) => [printNode(node, types), ...printBodies(node, options)]);
  const rest = nodes.length - maximum;
  return rest > 0 ? [...lines, `… ${rest} more ${rest === 1 ? "node" : "nodes"}`] : lines;
}

function printNode(node: Node, types: ReadonlyMap<string, Value["type"]>): string {
  const outputs = node.outputs.map((name) => {
    const type = types.get(name);
    return type === undefined ? name || "_" : `${name}: ${describeType(type)}`;
  });
  const op = node.domain === "" ? node.op : `${node.domain}.${node.op}`;
  const overload = node.overload === undefined ? "" : `:${node.overload}`;
  const name = node.name === "" || node.name === node.outputs[0] ? "" : ` ${quote(node.name)}`;
  const attributes = Object.entries(node.attributes).map(([key, a]) => `${key} = ${describeAttribute(a)}`);
  const shown = attributes.length === 0 ? "" : ` {${attributes.join(", ")}}`;
  return `${outputs.join(", ")} = ${op}${overload}${name}(${node.inputs.map((i) => i || "_").join(", ")})${shown}`;
}

function printBodies(node: Node, options: PrintOptions): string[] {
  return Object.entries(node.attributes).flatMap(([name, attribute]) =>
    bodiesOf(attribute).flatMap((body) => {
      const [head = "", ...lines] = printGraph(body, options);
      return indent([`${name}: ${head}`, ...lines]);
    }),
  );
}

function bodiesOf(attribute: Attribute): readonly Graph[] {
  return attribute.kind === "graph" ? [attribute.value] : attribute.kind === "graphs" ? attribute.value : [];
}

const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);
