import { describeAttribute, describeSparse, describeType, quote } from "./describe.ts";
import { diffTensors, type TensorDifference } from "./diffTensors.ts";
import type {
  Change,
  Difference,
  ElementChange,
  GraphDiff,
  ModelDiff,
  NodeChange,
  NodeLabel,
  WeightChange,
} from "./diffTypes.ts";
import { matchNodes, type Matching } from "./match.ts";
import type { Attribute, FunctionDefinition, Graph, Model, Node, Value } from "./model.ts";
import { sameData } from "./sameData.ts";

/**
 * How model `b` differs from model `a` in meaning: order, and names of nodes and inner values, do not count. External
 * weights are compared by where they are; those in different files are listed as `unread`.
 */
export function diffModels(a: Model, b: Model): ModelDiff {
  const properties = diffRecords(propertiesOf(a), propertiesOf(b));
  const graph = diffGraphs(a.graph, b.graph);
  const functions = diffFunctions(a.functions, b.functions);
  const same = properties.length === 0 && isSame(graph) && isEmpty(functions);
  return { same, properties, graph, functions };
}

/** Whether a comparison found nothing; weights that could not be compared count as found. */
export function isSame({ inputs, outputs, nodes, weights, unread }: GraphDiff): boolean {
  return [inputs, outputs, nodes, weights].every(isEmpty) && unread.length === 0;
}

const isEmpty = ({ added, removed, changed }: Difference<unknown, unknown>): boolean =>
  added.length + removed.length + changed.length === 0;

function propertiesOf(model: Model): Map<string, string> {
  const facts = new Map<string, string>([
    ["IR version", String(model.irVersion)],
    ["producer", model.producer],
    ["producer version", model.producerVersion],
    ["domain", model.domain],
    ["model version", String(model.modelVersion)],
    ["documentation", quote(model.doc ?? "")],
  ]);
  for (const [domain, version] of Object.entries(model.opsets))
    facts.set(`opset ${domain || "ai.onnx"}`, String(version));
  for (const [key, text] of Object.entries(model.metadata ?? {})) facts.set(`metadata ${key}`, quote(text));
  return facts;
}

function diffRecords(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): Change[] {
  const changes: Change[] = [];
  for (const what of new Set([...a.keys(), ...b.keys()])) {
    const [before, after] = [a.get(what), b.get(what)];
    if (before !== after)
      changes.push({ what, ...(before !== undefined && { before }), ...(after !== undefined && { after }) });
  }
  return changes;
}

export function diffGraphs(a: Graph, b: Graph): GraphDiff {
  const matching = matchNodes(a, b);
  return {
    inputs: diffValues(a.inputs, b.inputs),
    outputs: diffOutputs(a, b, matching),
    nodes: diffNodes(a, b, matching),
    ...diffWeights(a, b),
  };
}

function diffValues(a: readonly Value[], b: readonly Value[]): Difference<string, Change> {
  const [before, after] = [typesOf(a), typesOf(b)];
  return {
    added: [...after.keys()].filter((name) => !before.has(name)),
    removed: [...before.keys()].filter((name) => !after.has(name)),
    changed: diffRecords(before, after).filter((c) => c.before !== undefined && c.after !== undefined),
  };
}

function typesOf(values: readonly Value[]): Map<string, string> {
  return new Map(values.map((v) => [v.name, describeType(v.type)]));
}

/** Outputs by name and type, and an output that another node makes now. */
function diffOutputs(a: Graph, b: Graph, matching: Matching): Difference<string, Change> {
  const found = diffValues(a.outputs, b.outputs);
  const makerA = makers(a);
  const makerB = makers(b);
  const moved = a.outputs.flatMap(({ name }): Change[] => {
    const [before, after] = [makerA.get(name), makerB.get(name)];
    if (before === undefined || after === undefined || matching.nodes.get(before) === after) return [];
    return [{ what: `maker of ${name}`, before: labelText(labelOf(before)), after: labelText(labelOf(after)) }];
  });
  return { ...found, changed: [...found.changed, ...moved] };
}

function makers(graph: Graph): Map<string, Node> {
  return new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
}

function diffNodes(a: Graph, b: Graph, matching: Matching): Difference<NodeLabel, NodeChange> {
  const kept = new Set(matching.nodes.values());
  return {
    added: b.nodes.filter((node) => !kept.has(node)).map(labelOf),
    removed: a.nodes.filter((node) => !matching.nodes.has(node)).map(labelOf),
    changed: [...matching.nodes].flatMap(([from, to]) => diffNode(from, to, matching)),
  };
}

function labelOf({ name, op, outputs }: Node): NodeLabel {
  return { name, op, output: outputs[0] ?? "" };
}

export function labelText({ name, op, output }: NodeLabel): string {
  return `${op} ${quote(name || output)}`;
}

function diffNode(a: Node, b: Node, { values }: Matching): NodeChange[] {
  const changes: Change[] = [];
  const note = (what: string, before: string | undefined, after: string | undefined): void => {
    if (before !== after)
      changes.push({ what, ...(before !== undefined && { before }), ...(after !== undefined && { after }) });
  };
  note("op", a.op, b.op);
  note("domain", a.domain, b.domain);
  note("overload", a.overload, b.overload);
  for (let i = 0; i < Math.max(a.inputs.length, b.inputs.length); i++) {
    const [before, after] = [a.inputs[i] ?? "", b.inputs[i] ?? ""];
    if ((values.get(before) ?? before) !== after) note(`input ${i}`, before || undefined, after || undefined);
  }
  if (a.outputs.length !== b.outputs.length) note("outputs", a.outputs.join(", "), b.outputs.join(", "));
  const bodies: NodeChange["bodies"][number][] = [];
  for (const name of new Set([...Object.keys(a.attributes), ...Object.keys(b.attributes)])) {
    const [before, after] = [ownOf(a.attributes, name), ownOf(b.attributes, name)];
    if (before?.kind === "graph" && after?.kind === "graph") {
      const diff = diffGraphs(renamed(before.value, values), after.value);
      if (!isSame(diff)) bodies.push({ attribute: name, diff });
    } else if (!sameData(before, after)) changes.push(attributeChange(name, before, after));
  }
  return changes.length + bodies.length === 0 ? [] : [{ ...labelOf(b), changes, bodies }];
}

/** The body with the values that it takes from outside under the names that they have in the other model. */
function renamed(body: Graph, values: ReadonlyMap<string, string>): Graph {
  const own = new Set([...body.inputs, ...body.initializers].map((v) => v.name));
  for (const node of body.nodes) for (const output of node.outputs) own.add(output);
  const rename = (name: string): string => (own.has(name) ? name : (values.get(name) ?? name));
  return { ...body, nodes: body.nodes.map((node) => ({ ...node, inputs: node.inputs.map(rename) })) };
}

function ownOf(attributes: Readonly<Record<string, Attribute>>, name: string): Attribute | undefined {
  return Object.hasOwn(attributes, name) ? attributes[name] : undefined;
}

function attributeChange(name: string, before: Attribute | undefined, after: Attribute | undefined): Change {
  const what = `attribute ${name}`;
  if (before?.kind === "tensor" && after?.kind === "tensor") {
    const found = diffTensors(before.value, after.value);
    if (found.kind === "elements")
      return {
        what,
        before: describeAttribute(before),
        after: `${describeAttribute(after)} (${elementsText(found.elements)})`,
      };
  }
  return {
    what,
    ...(before !== undefined && { before: describeAttribute(before) }),
    ...(after !== undefined && { after: describeAttribute(after) }),
  };
}

export function elementsText({ differing, total, maximum, nonFinite }: ElementChange): string {
  const odd = nonFinite === 0 ? "" : `, ${nonFinite} of them by NaN or infinity`;
  return `${differing} of ${total} elements differ, by at most ${Number(maximum.toPrecision(4))}${odd}`;
}

function diffWeights(a: Graph, b: Graph): Pick<GraphDiff, "weights" | "unread"> {
  const before = new Map(a.initializers.map((t) => [t.name, t]));
  const after = new Map(b.initializers.map((t) => [t.name, t]));
  const changed: WeightChange[] = [];
  const unread: string[] = [];
  for (const [name, tensor] of before) {
    const other = after.get(name);
    const found: TensorDifference = other === undefined ? { kind: "same" } : diffTensors(tensor, other);
    if (found.kind === "unread") unread.push(name);
    else if (found.kind === "facts") changed.push({ name, changes: found.changes });
    else if (found.kind === "elements") changed.push({ name, changes: [], elements: found.elements });
  }
  const sparse = diffRecords(sparseOf(a), sparseOf(b));
  const weights = {
    added: [
      ...[...after.keys()].filter((name) => !before.has(name)),
      ...sparse.flatMap((c) => (c.before === undefined ? [c.what] : [])),
    ],
    removed: [
      ...[...before.keys()].filter((name) => !after.has(name)),
      ...sparse.flatMap((c) => (c.after === undefined ? [c.what] : [])),
    ],
    changed: [...changed, ...changedSparse(a, b)],
  };
  return { weights, unread };
}

function sparseOf(graph: Graph): Map<string, string> {
  return new Map(graph.sparseInitializers.map((s) => [s.values.name, describeSparse(s)]));
}

function changedSparse(a: Graph, b: Graph): WeightChange[] {
  return a.sparseInitializers.flatMap((before) => {
    const after = b.sparseInitializers.find((s) => s.values.name === before.values.name);
    if (after === undefined || sameData(before, after)) return [];
    const change = { what: "sparse content", before: describeSparse(before), after: describeSparse(after) };
    return [{ name: before.values.name, changes: [change] }];
  });
}

function diffFunctions(a: readonly FunctionDefinition[], b: readonly FunctionDefinition[]): ModelDiff["functions"] {
  const before = new Map(a.map((f) => [functionName(f), f]));
  const after = new Map(b.map((f) => [functionName(f), f]));
  return {
    added: [...after.keys()].filter((name) => !before.has(name)),
    removed: [...before.keys()].filter((name) => !after.has(name)),
    changed: [...before].flatMap(([name, f]) => {
      const other = after.get(name);
      const diff = other && diffGraphs(functionGraph(f), functionGraph(other));
      return diff === undefined || isSame(diff) ? [] : [{ name, diff }];
    }),
  };
}

function functionName({ domain, name, overload }: FunctionDefinition): string {
  return `${domain || "ai.onnx"}.${name}${overload === undefined ? "" : `:${overload}`}`;
}

/** A function's body as a graph, so that both are compared by the same rules. */
function functionGraph(f: FunctionDefinition): Graph {
  const named = (name: string): Value => ({ name });
  const empty = { values: [], initializers: [], sparseInitializers: [], annotations: [] };
  return { ...empty, name: f.name, inputs: f.inputs.map(named), outputs: f.outputs.map(named), nodes: f.nodes };
}
