import type { NdArray } from "../../base/array.ts";
import { LatheError } from "../../base/error.ts";
import type { PlainAttribute } from "../../graph/attributes.ts";
import { node as makeNode } from "../../graph/build.ts";
import type { Graph, Node, Tensor } from "../../graph/model.ts";
import { indexGraph } from "../../graph/uses.ts";
import type { ValueFacts } from "../../ops/gradient.ts";
import { startDraft } from "../writer.ts";
import { sizesFrom, type CpuTarget, type Dims } from "./shapes.ts";

/** Domain of onnxruntime's blocked kernels. */
export const BLOCKED = "com.microsoft.nchwc";

type Attributes = Readonly<Record<string, PlainAttribute>>;

/** A blocked convolution that is not written yet, because what follows may become part of it. */
export interface Pending {
  /** Data in the layout the kernel reads, weight already blocked, bias. */
  readonly inputs: readonly [x: string, w: string, bias?: string];
  readonly attributes: Attributes;
  /** Blocked value that is added to the result. */
  readonly sum?: string;
}

/** A graph being rewritten: every value may be there in plain layout, in blocked layout, or not yet. */
export interface Stage extends CpuTarget {
  readonly graph: Graph;
  readonly nodes: readonly Node[];
  readonly initializers: readonly Tensor[];
  /** Sizes of a value of the graph; undefined where they are not known. */
  dims(value: string): Dims;
  note(value: string, dims: Dims): void;
  /** Whether only one node reads a value. */
  isReadOnce(value: string): boolean;
  /** Whether a node behind this one reads a value. */
  isReadAfter(node: Node, value: string): boolean;
  /** Writes a node with fresh output names, or the given one. */
  op(...[op, inputs, attributes, parts]: [string, readonly string[], Attributes?, OpParts?]): string;
  constant(array: NdArray): string;
  /** What was made under this key before, or is made now. */
  once(key: string, make: () => string): string;
  /** Makes sure that a value is there under its own name, in plain layout. */
  plain(value: string): string;
  /** The value in blocked layout. Its sizes are known and its channels fill blocks. */
  blocked(value: string): string;
  /** Whether a value is there in blocked layout, or will be, and not in plain layout. */
  isBlocked(value: string): boolean;
  setBlocked(value: string, held: string): void;
  setPending(value: string, pending: Pending): void;
  /** The convolution that makes a value, while it can still be changed: nothing else reads the value. */
  takePending(value: string): Pending | undefined;
  writePending(pending: Pending): string;
  push(node: Node): void;
}

export interface OpParts {
  readonly domain?: string;
  /** Name of the output. */
  readonly as?: string;
}

export function startStage(
  graph: Graph,
  target: CpuTarget,
  options: { readonly opset: number; readonly facts: (value: string) => ValueFacts | undefined },
): Stage {
  const draft = startDraft(graph, { ...options, prefix: "cpu" });
  const index = indexGraph(graph);
  const places = new Map(graph.nodes.map((node, place) => [node, place]));
  const nodes: Node[] = [];
  const noted = new Map<string, Dims>();
  const [plains, blocks, pendings] = [new Set<string>(), new Map<string, string>(), new Map<string, Pending>()];
  const shared = new Map<string, string>();
  for (const given of [...graph.inputs, ...graph.initializers]) plains.add(given.name);
  let count = 0;

  const op: Stage["op"] = (...[name, inputs, attributes = {}, { domain = "", as } = {}]) => {
    count++;
    const output = as ?? draft.fresh(`cpu${count}.${name}`);
    nodes.push(makeNode(name, [inputs, [output]], { name: draft.fresh(`${output}.node`), attributes, domain }));
    return output;
  };
  const dims = (value: string): Dims => noted.get(value) ?? sizesFrom(options.facts(value), target.batch);
  const stage: Stage = {
    ...target,
    graph,
    nodes,
    get initializers() {
      return draft.initializers;
    },
    dims,
    note: (value, found) => void noted.set(value, found),
    isReadAfter: (node, value) => index.usesOf(value).some((use) => places.get(use.node)! > places.get(node)!),
    isReadOnce: (value) => index.usesOf(value).length === 1 && !index.isOutput(value),
    op,
    constant: (array) => draft.constant(array),
    once: (key, make) => {
      const held = shared.get(key) ?? make();
      shared.set(key, held);
      return held;
    },
    plain: (value) => {
      if (value === "" || plains.has(value)) return value;
      if (!stage.isBlocked(value)) return value;
      const channels = dims(value)?.[1];
      if (channels === undefined) throw new LatheError("internal", `The sizes of "${value}" are not known.`);
      op("ReorderOutput", [stage.blocked(value)], { channels }, { domain: BLOCKED, as: value });
      plains.add(value);
      return value;
    },
    blocked: (value) => {
      const held = blocks.get(value);
      if (held !== undefined) return held;
      const pending = pendings.get(value);
      pendings.delete(value);
      const made = pending ? stage.writePending(pending) : op("ReorderInput", [value], {}, { domain: BLOCKED });
      blocks.set(value, made);
      return made;
    },
    isBlocked: (value) => !plains.has(value) && (blocks.has(value) || pendings.has(value)),
    setBlocked: (value, held) => void blocks.set(value, held),
    setPending: (value, pending) => void pendings.set(value, pending),
    takePending: (value) => {
      const pending = stage.isReadOnce(value) ? pendings.get(value) : undefined;
      if (pending !== undefined) pendings.delete(value);
      return pending;
    },
    writePending: ({ inputs, attributes, sum }) => {
      const [x, w, bias] = inputs;
      // The sum is the fourth input; without a bias the third is left out.
      const all = sum === undefined ? [x, w, ...(bias === undefined ? [] : [bias])] : [x, w, bias ?? "", sum];
      return op("Conv", all, attributes, { domain: BLOCKED });
    },
    push: (node) => {
      nodes.push(node);
      for (const output of node.outputs) plains.add(output);
    },
  };
  return stage;
}
