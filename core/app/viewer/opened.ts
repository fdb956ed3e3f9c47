import type { Host } from "../../base/host.ts";
import { ELEMENT_TYPES, type ElementType } from "../../base/elementType.ts";
import { toLatheError } from "../../base/error.ts";
import { bodiesOf, type Step } from "../../graph/flat.ts";
import type { Dim, Graph, Model, Node } from "../../graph/model.ts";
import { findParts, nameOf, type FindOptions, type ModelParts } from "../../graph/parts.ts";
import { whyNotRunnable } from "../../graph/runnable.ts";
import { nodeMacs } from "../../measure/costs.ts";
import type { FoundShape, FoundShapes } from "../../measure/shapes.ts";
import { findWeights, type NodeWeights } from "../../measure/weights.ts";
import { readModel } from "../../onnx/read.ts";
import { tensorsOf } from "../../graph/tensors.ts";
import { shareWork, stepsUntil, type Stop } from "./stopping.ts";

/** A model on this machine. The key names its content, external data included; the path may be another one each time. */
export interface ModelFile {
  readonly key: string;
  readonly path: string;
  readonly name: string;
  /** Bytes of the file alone. */
  readonly bytes: number;
}

/** What the file says of one op. */
export interface OpFacts {
  /** As measurements and recipes name it. */
  readonly name: string;
  readonly parameters: number;
  /** Of the learned weights as stored, on average. */
  readonly bits: number | undefined;
  readonly weightType: ElementType | undefined;
  /** For one sample; undefined where a shape is unknown. */
  readonly macs: number | undefined;
}

export interface Opened {
  readonly file: ModelFile;
  readonly model: Model;
  readonly parts: ModelParts;
  readonly ops: readonly OpFacts[];
  /** Recorded types of values, those of bodies included. */
  readonly values: ReadonlyMap<string, { readonly type: string; readonly shape: string | undefined }>;
  /** Whether the file records no shapes to speak of. */
  readonly lacksShapes: boolean;
  readonly notRunnable: string | undefined;
}

/** Keeps what was opened last, so that opening a block does not read the file again. */
export interface Shelf {
  /** With the calls closed of a model in which they stand for too much. */
  open(file: ModelFile, stop?: Stop): Promise<Opened>;
  /** With those of these parts looked into that are such calls, and those of earlier questions while there is room. */
  openWith(file: ModelFile, open: readonly string[], stop?: Stop): Promise<Opened>;
  /** Read anew: external data lies where the path of this call says. */
  openAt(file: ModelFile): Promise<Model>;
}

/** Bytes of model files that are kept at a time; the one opened last is kept whatever its size. */
const MOST_BYTES = 2 ** 29;
const MOST_MODELS = 8;

export function openShelf(host: Host): Shelf {
  const kept = new Map<string, Promise<Opened>>();
  const bytes = new Map<string, number>();
  /** The same models with calls open. */
  const wider = new WeakMap<Opened, Opened>();
  const make = async (file: ModelFile, stop?: Stop): Promise<Opened> =>
    describe(file, await readModel(file.path, host), { step: stepsUntil(stop) });
  const open = (file: ModelFile, stop?: Stop): Promise<Opened> => {
    const opened = shareWork(kept, file.key, { make: () => make(file, stop), stop });
    bytes.set(file.key, file.bytes);
    let total = [...kept.keys()].reduce((sum, key) => sum + (bytes.get(key) ?? 0), 0);
    for (const key of [...kept.keys()].slice(0, -1)) {
      if (total <= MOST_BYTES && kept.size <= MOST_MODELS) break;
      total -= bytes.get(key) ?? 0;
      kept.delete(key);
    }
    return opened;
  };
  return {
    open,
    openWith: async (file, ids, stop) => {
      const closed = await open(file, stop);
      const known = wider.get(closed) ?? closed;
      if (ids.every((id) => known.parts.byId.get(id)?.unopened === undefined)) return known;
      const before = [...known.parts.byId.values()].flatMap((p) =>
        p.form === "op" && p.parts.length > 0 ? [p.id] : [],
      );
      const step = stepsUntil(stop);
      const found = widen(closed, [...before, ...ids], step) ?? describe(file, closed.model, { open: ids, step });
      wider.set(closed, found);
      return found;
    },
    openAt: async (file) => {
      const opened = await (kept.get(file.key) ?? make(file));
      const isWhole = [...tensorsOf(opened.model)].every((t) => t.data.kind !== "external");
      return isWhole ? opened.model : readModel(file.path, host);
    },
  };
}

/** Undefined where so much cannot be open at a time. */
function widen({ file, model }: Opened, open: readonly string[], step: Step): Opened | undefined {
  try {
    return describe(file, model, { open, step });
  } catch (thrown) {
    if (toLatheError(thrown).code !== "limit-exceeded") throw thrown;
    return undefined;
  }
}

function describe(file: ModelFile, model: Model, options: FindOptions): Opened {
  const parts = findParts(model, options);
  const values = recordedTypes(model.graph);
  const shapes = recordedShapes(model);
  const weights = new Map<Node, NodeWeights>(findWeights(model.graph));
  for (const { node } of parts.flat.ops)
    for (const [, body] of bodiesOf(node)) for (const [inner, own] of findWeights(body)) weights.set(inner, own);
  const main = parts.flat.ops.filter((op) => op.owner < 0);
  const known = main.filter(({ node }) => shapes.values.has(node.outputs.find((o) => o !== "") ?? ""));
  const lacksShapes = known.length < 0.9 * main.length;
  const ops = parts.flat.ops.map(({ node, owner }): OpFacts => {
    const own = weights.get(node);
    return {
      name: nameOf(node),
      parameters: own?.parameters ?? 0,
      bits: own === undefined || own.parameters === 0 ? undefined : bitsOf(own),
      weightType: own?.type,
      macs: owner >= 0 || lacksShapes ? undefined : nodeMacs(node, model, shapes),
    };
  });
  return { file, model, parts, ops, values, lacksShapes, notRunnable: whyNotRunnable(model) };
}

/** Bits that a weight takes: those of its type where nothing is packed. */
function bitsOf({ parameters, bytes, type }: NodeWeights): number {
  const own = type === undefined ? 0 : ELEMENT_TYPES[type].bits;
  const taken = (8 * bytes) / parameters;
  return Math.abs(taken - own) < 0.5 * own ? own : taken;
}

function recordedTypes(graph: Graph): Map<string, { readonly type: string; readonly shape: string | undefined }> {
  const found = new Map<string, { readonly type: string; readonly shape: string | undefined }>();
  const add = (graph: Graph): void => {
    for (const { name, type } of [...graph.values, ...graph.inputs, ...graph.outputs]) {
      if (type?.kind === "tensor" || type?.kind === "sparse-tensor")
        found.set(name, { type: type.type, shape: type.dims && shapeText(type.dims.map(({ size }) => size ?? "?")) });
      else if (type !== undefined) found.set(name, { type: type.kind, shape: undefined });
    }
    for (const node of graph.nodes) for (const [, body] of bodiesOf(node)) add(body);
  };
  add(graph);
  return found;
}

/** "1×3×32×32"; a scalar is "scalar". */
export function shapeText(dims: readonly (number | string)[]): string {
  return dims.length === 0 ? "scalar" : dims.join("×");
}

/** Shapes that the file records, symbols taken for one sample. */
function recordedShapes({ graph }: Model): FoundShapes {
  const values = new Map<string, FoundShape>();
  for (const { name, type, dims } of graph.initializers) values.set(name, { type, dims, sizes: dims });
  const constants = new Set(values.keys());
  const add = (name: string, type: ElementType, dims: readonly Dim[]): void => {
    if (dims.some(({ size }) => size === undefined)) return;
    const sizes = dims.map(({ size }) => (typeof size === "number" ? size : 1));
    values.set(name, { type, dims: dims.map(({ size }) => size!), sizes });
  };
  for (const { name, type } of [...graph.values, ...graph.inputs, ...graph.outputs])
    if (type?.kind === "tensor" && type.dims !== undefined) add(name, type.type, type.dims);
  const [first] = graph.inputs.filter(({ name }) => !constants.has(name));
  return { values, samples: values.get(first?.name ?? "")?.sizes[0] ?? 1 };
}
