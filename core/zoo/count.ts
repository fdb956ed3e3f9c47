import { elementCount } from "../base/array.ts";
import type { Value } from "../graph/model.ts";
import { macsOf } from "../ops/registry.ts";
import type { Architecture } from "./build.ts";

export interface Counts {
  /** Learned numbers; running statistics are none. */
  readonly parameters: number;
  /** Multiply–accumulates of convolutions, matrix products and recurrent layers for one sample. */
  readonly macs: number;
}

/** What papers count; normalisation and elementwise arithmetic are left out of the multiply–accumulates. */
const COUNTED: ReadonlySet<string> = new Set(["Conv", "ConvTranspose", "Gemm", "MatMul", "LSTM"]);

/** Counts a net without building its weights. */
export function countNet({ inputs, outputs, values, nodes, parameters }: Architecture): Counts {
  const shapes = new Map([...inputs, ...outputs, ...values].map((v) => [v.name, oneSample(v)]));
  for (const { name, dims } of parameters) shapes.set(name, dims);
  const macs = nodes
    .filter((node) => COUNTED.has(node.op))
    .map((node) => {
      const sizes = (name: string): readonly number[] | undefined => shapes.get(name);
      return macsOf({ node, inputs: node.inputs.map(sizes), outputs: node.outputs.map(sizes) }, { "": 17 });
    });
  const learned = parameters.filter((p) => !p.isState).map((p) => elementCount(p.dims));
  return { parameters: sum(learned), macs: sum(macs) };
}

function oneSample({ type }: Value): readonly number[] {
  const dims = type?.kind === "tensor" ? (type.dims ?? []) : [];
  return dims.map(({ size }) => (typeof size === "number" ? size : 1));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
