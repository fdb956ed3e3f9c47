import { arrayBytes, type NdArray } from "../base/array.ts";
import { hash } from "../base/hash.ts";
import type { PlainAttribute } from "../graph/attributes.ts";
import { node as makeNode, tensor } from "../graph/build.ts";
import type { Graph, Node, Tensor } from "../graph/model.ts";
import { freshNames } from "../graph/uses.ts";
import type { GraphWriter, ValueFacts } from "../ops/gradient.ts";

/** A writer that collects what is added to a graph. */
export interface Draft extends GraphWriter {
  readonly nodes: readonly Node[];
  readonly initializers: readonly Tensor[];
  readonly fresh: (wish: string) => string;
}

export interface DraftOptions {
  readonly opset: number;
  /** Facts of the graph's values. */
  readonly facts: (value: string) => ValueFacts | undefined;
  /** Put before the names of everything made; default "g". */
  readonly prefix?: string;
}

/** Starts writing beside a graph; names never collide with it. */
export function startDraft(graph: Graph, { opset, facts, prefix = "g" }: DraftOptions): Draft {
  const fresh = freshNames(graph);
  const nodes: Node[] = [];
  const initializers = new Map<string, Tensor>();
  const known = new Map<string, ValueFacts>();
  let count = 0;

  const ops: GraphWriter["ops"] = (op, inputs, { attributes = {}, domain = "", outputs = 1 }) => {
    count++;
    const stem = fresh(`${prefix}${count}.${op}`);
    const made = Array.from({ length: outputs }, (_, i) => (i === 0 ? stem : fresh(`${stem}.${i}`)));
    nodes.push(makeNode(op, [inputs, made], { name: stem, attributes, domain }));
    return made;
  };
  return {
    opset,
    nodes,
    fresh,
    get initializers() {
      return [...initializers.values()];
    },
    facts: (value) => known.get(value) ?? facts(value),
    note: (value, found) => {
      known.set(value, found);
      return value;
    },
    op: (op: string, inputs: readonly string[], attributes: Readonly<Record<string, PlainAttribute>> = {}) =>
      ops(op, inputs, { attributes })[0]!,
    ops,
    constant: (array: NdArray) => {
      const content = ArrayBuffer.isView(array.data) ? hash(arrayBytes(array)) : hash(array.data.join("\0"));
      const key = `${array.type}[${array.dims.join()}]${content}`;
      const found = initializers.get(key) ?? tensor(fresh(`${prefix}.constant`), array);
      initializers.set(key, found);
      known.set(found.name, { type: array.type, dims: array.dims });
      return found.name;
    },
  };
}
