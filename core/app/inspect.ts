import { resolve } from "node:path";
import type { ElementType } from "../base/elementType.ts";
import { elementCount } from "../base/array.ts";
import type { Host } from "../base/host.ts";
import type { Variant } from "../contract/project.ts";
import { describeValue } from "../graph/describe.ts";
import { diffModels } from "../graph/diff.ts";
import type { ModelDiff } from "../graph/diffTypes.ts";
import type { Model } from "../graph/model.ts";
import { printModel } from "../graph/print.ts";
import { printDiff } from "../graph/printDiff.ts";
import { whyNotRunnable } from "../graph/runnable.ts";
import { loadTensors, readModel } from "../onnx/read.ts";
import { tensorsOf } from "../graph/tensors.ts";
import { byteLength } from "../base/elementType.ts";
import { withModelFile } from "./modelFiles.ts";
import { findVariant, type Project } from "./project.ts";

/** What can be told of a model without running it. */
export interface Inspection {
  readonly name: string;
  readonly irVersion: number;
  readonly opsets: Readonly<Record<string, number>>;
  readonly producer: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: number;
  readonly functions: number;
  /** How often each operator occurs, most frequent first. */
  readonly operators: readonly { readonly op: string; readonly count: number }[];
  readonly constants: { readonly count: number; readonly elements: number; readonly bytes: number };
  /** Constants by element type. */
  readonly types: readonly { readonly type: ElementType; readonly count: number; readonly bytes: number }[];
  readonly externalBytes: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** Why the runtime cannot run it; absent where nothing speaks against it. */
  readonly notRunnable?: string;
}

export interface Inspected {
  readonly facts: Inspection;
  /** The whole model as text. */
  readonly text: string;
}

export interface InspectOptions {
  /** Nodes in the text; the rest is counted. */
  readonly maximumNodes?: number;
}

/** Describes a model file. Nothing of it is run, and external weights are not read. */
export async function inspectFile(path: string, options: InspectOptions, host: Host): Promise<Inspected> {
  const file = resolve(path);
  return inspectModel(await readModel(file, host), path, options);
}

/** Describes a variant of a project. */
export function inspectVariant(project: Project, reference: string, options: InspectOptions): Promise<Inspected> {
  const variant = findVariant(project, reference);
  return withModelFile(project, variant, async (path) =>
    inspectModel(await readModel(path, project.host), variant.name, options),
  );
}

function inspectModel(model: Model, name: string, options: InspectOptions): Inspected {
  const constants = new Set(model.graph.initializers.map((t) => t.name));
  const counts = new Map<string, number>();
  for (const { op, domain } of model.graph.nodes) {
    const full = domain === "" ? op : `${domain}.${op}`;
    counts.set(full, (counts.get(full) ?? 0) + 1);
  }
  const notRunnable = whyNotRunnable(model);
  const facts: Inspection = {
    name,
    irVersion: model.irVersion,
    opsets: Object.fromEntries(
      Object.entries(model.opsets).map(([domain, v]) => [domain === "" ? "ai.onnx" : domain, v]),
    ),
    producer: [model.producer, model.producerVersion].filter((t) => t !== "").join(" "),
    inputs: model.graph.inputs.filter((v) => !constants.has(v.name)).map(describeValue),
    outputs: model.graph.outputs.map(describeValue),
    nodes: model.graph.nodes.length,
    functions: model.functions.length,
    operators: [...counts]
      .map(([op, count]) => ({ op, count }))
      .toSorted((a, b) => b.count - a.count || (a.op < b.op ? -1 : 1)),
    ...weigh(model),
    metadata: model.metadata ?? {},
    ...(notRunnable !== undefined && { notRunnable }),
  };
  return { facts, text: printModel(model, options) };
}

function weigh(model: Model): Pick<Inspection, "constants" | "types" | "externalBytes"> {
  const types = new Map<ElementType, { count: number; bytes: number }>();
  let [count, elements, bytes, externalBytes] = [0, 0, 0, 0];
  for (const { type, dims, data } of tensorsOf(model)) {
    const own = data.kind === "external" ? data.length : byteLength(type, elementCount(dims));
    const known = types.get(type) ?? { count: 0, bytes: 0 };
    types.set(type, { count: known.count + 1, bytes: known.bytes + own });
    count++;
    elements += elementCount(dims);
    bytes += own;
    if (data.kind === "external") externalBytes += own;
  }
  return {
    constants: { count, elements, bytes },
    types: [...types].map(([type, facts]) => ({ type, ...facts })).toSorted((a, b) => b.bytes - a.bytes),
    externalBytes,
  };
}

export interface Diffed {
  readonly a: string;
  readonly b: string;
  readonly diff: ModelDiff;
  readonly text: string;
}

/** What distinguishes two models of a project in meaning: nodes, weights, inputs, versions. */
export async function diffVariants(project: Project, [a, b]: readonly [string, string]): Promise<Diffed> {
  const [from, to] = [findVariant(project, a), findVariant(project, b)];
  const load = (variant: Variant): Promise<Model> =>
    withModelFile(project, variant, async (path) => loadTensors(await readModel(path, project.host), project.host));
  const diff = diffModels(await load(from), await load(to));
  return { a: from.name, b: to.name, diff, text: printDiff(diff) };
}
