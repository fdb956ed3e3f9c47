import type { ElementType } from "../base/elementType.ts";
import { node as makeNode, tensor, tensorArray } from "../graph/build.ts";
import { editGraph, type GraphEdit } from "../graph/edit.ts";
import type { Model, Node, Value } from "../graph/model.ts";
import { opOf } from "../ops/registry.ts";

export interface HalfOptions {
  /** Element type of every value, found by running. */
  readonly typeOf: (value: string) => ElementType | undefined;
  readonly isExcluded: (node: Node) => boolean;
}

export interface HalfResult {
  readonly model: Model;
  readonly converted: number;
  /** Nodes that compute in float32, with the reason. */
  readonly kept: readonly { readonly node: string; readonly op: string; readonly reason: string }[];
  /** Constants beyond ±65,504 that were clamped, and such below 2⁻²⁴ that were raised to it. */
  readonly clamped: number;
  readonly raised: number;
}

const LARGEST = 65504;
const SMALLEST = 2 ** -24;
const ONNX_FLOAT = 1;
const ONNX_FLOAT16 = 10;

/**
 * Converts inner values and constants to float16; inputs and outputs keep their types, with Cast nodes where
 * the two meet. Ops without a declaration, and so all with subgraphs, stay in float32, like those of role `none`.
 * @param model normalised, constants in memory
 */
export function toHalfPrecision(model: Model, options: HalfOptions): HalfResult {
  const kept: { node: string; op: string; reason: string }[] = [];
  const half = new Set<Node>();
  for (const node of model.graph.nodes) {
    const touches = [...node.inputs, ...node.outputs].some((v) => v !== "" && options.typeOf(v) === "float32");
    const reason = !touches ? undefined : options.isExcluded(node) ? "it is excluded" : refusal(node, model);
    if (reason !== undefined) kept.push({ node: node.name, op: node.op, reason });
    else if (touches) half.add(node);
  }
  const counts = { clamped: 0, raised: 0 };
  const retyped = new Set<string>();
  const graph = editGraph(model.graph, (edit) => {
    const writer = new HalfWriter(edit, { half, typeOf: options.typeOf, counts, retyped });
    for (const node of model.graph.nodes)
      if (half.has(node)) writer.convert(node, opOf(node, model.opsets)?.float32Slots ?? []);
  });
  const values = graph.values.map((v) => (retyped.has(v.name) ? asHalf(v) : v));
  return {
    model: Object.freeze({ ...model, graph: Object.freeze({ ...graph, values }) }),
    converted: half.size,
    kept,
    ...counts,
  };
}

function refusal(node: Node, { opsets }: Model): string | undefined {
  return (opOf(node, opsets)?.quantize.role ?? "none") === "none"
    ? "Lathe does not know whether it takes float16"
    : undefined;
}

interface Conversion {
  readonly half: ReadonlySet<Node>;
  readonly typeOf: HalfOptions["typeOf"];
  readonly counts: { clamped: number; raised: number };
  readonly retyped: Set<string>;
}

class HalfWriter {
  readonly #edit: GraphEdit;
  readonly #to: Conversion;
  /** float32 value → its float16 form. */
  readonly #halves = new Map<string, string>();

  constructor(edit: GraphEdit, to: Conversion) {
    this.#edit = edit;
    this.#to = to;
  }

  convert(node: Node, float32Slots: readonly number[]): void {
    const inputs = node.inputs.map((input, slot) =>
      this.#isFloat(input) && !float32Slots.includes(slot) ? this.#half(input) : input,
    );
    const outputs = node.outputs.map((output) => (this.#isFloat(output) ? this.#made(output) : output));
    this.#edit.replace(node, Object.freeze({ ...node, inputs, outputs }));
  }

  #isFloat(value: string): boolean {
    return value !== "" && this.#to.typeOf(value) === "float32";
  }

  /** The float16 form of something that a half-precision node reads. */
  #half(value: string): string {
    const known = this.#halves.get(value);
    if (known !== undefined) return known;
    const constant = this.#edit.index.initializer.get(value);
    const producer = this.#edit.index.producer.get(value);
    const made =
      constant !== undefined
        ? this.#constant(value)
        : producer !== undefined && this.#to.half.has(producer)
          ? this.#made(value)
          : this.#cast(value);
    this.#halves.set(value, made);
    return made;
  }

  #cast(value: string): string {
    const name = this.#edit.fresh(`${value}.half`);
    this.#edit.add(
      makeNode("Cast", [[value], [name]], {
        name: this.#edit.fresh(`${value}/cast`),
        attributes: { to: ONNX_FLOAT16 },
      }),
    );
    return name;
  }

  /** What a half-precision node makes: under its old name where nothing needs it in float32. */
  #made(value: string): string {
    const known = this.#halves.get(value);
    if (known !== undefined) return known;
    const { index } = this.#edit;
    const needsFloat =
      index.isOutput(value) || index.usesOf(value).some((use) => use.slot < 0 || !this.#to.half.has(use.node));
    const name = needsFloat ? this.#edit.fresh(`${value}.half`) : value;
    this.#halves.set(value, name);
    if (needsFloat)
      this.#edit.add(
        makeNode("Cast", [[name], [value]], {
          name: this.#edit.fresh(`${value}/cast`),
          attributes: { to: ONNX_FLOAT },
        }),
      );
    else this.#to.retyped.add(value);
    return name;
  }

  #constant(name: string): string {
    const { index } = this.#edit;
    const found = index.initializer.get(name)!;
    const { counts } = this.#to;
    const data = Float16Array.from(tensorArray(found).data as Float32Array, (x) => {
      if (Number.isFinite(x) && Math.abs(x) > LARGEST) {
        counts.clamped++;
        return Math.sign(x) * LARGEST;
      }
      // A tiny ε that became zero would turn up as a division by zero.
      if (x !== 0 && Math.abs(x) < SMALLEST) {
        counts.raised++;
        return Math.sign(x) * SMALLEST;
      }
      return x;
    });
    const isShared =
      index.usesOf(name).some((use) => use.slot < 0 || !this.#to.half.has(use.node)) || index.isOutput(name);
    const target = isShared ? this.#edit.fresh(`${name}.half`) : name;
    this.#edit.setInitializer(tensor(target, { type: "float16", dims: found.dims, data }));
    if (!isShared) this.#to.retyped.add(name);
    return target;
  }
}

function asHalf(value: Value): Value {
  return value.type?.kind === "tensor" ? { ...value, type: { ...value.type, type: "float16" } } : value;
}
