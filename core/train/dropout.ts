import { elementCount, type NdArray } from "../base/array.ts";
import { LatheError } from "../base/error.ts";
import { seededRandom } from "../base/random.ts";
import { node as makeNode, tensorArray, value } from "../graph/build.ts";
import { editGraph } from "../graph/edit.ts";
import type { Model, Node } from "../graph/model.ts";
import { opOf } from "../ops/registry.ts";
import type { ValueFacts } from "../ops/gradient.ts";
import type { Frozen } from "./parameters.ts";

/** A graph input that takes the random mask of one dropout. */
export interface DropoutMask {
  readonly input: string;
  /** Sizes of the values that it multiplies; "batch" and "4*batch" follow the samples in a batch. */
  readonly dims: readonly (number | string)[];
  /** Share of the elements that are set to 0. */
  readonly ratio: number;
}

export interface DropoutForm {
  readonly model: Model;
  readonly masks: readonly DropoutMask[];
}

/** What the mask's values are drawn from. */
export interface Draw {
  readonly samples: number;
  readonly seed: number;
  /** Number of the update, and of the batch within it. */
  readonly step: number;
  readonly part: number;
}

/** The ratio of a Dropout without one (ONNX Dropout, input 1). */
const RATIO = 0.5;

/**
 * Puts dropouts into training form: they multiply with a mask that each batch brings (Srivastava et al. 2014, scaled as
 * ONNX Dropout does). Frozen ones, and those whose ratio is 0 or computed, stay the identity that they are in inference form.
 * @param model normalised
 * @throws unsupported for sizes that depend on more than the batch
 */
export function trainDropouts(
  model: Model,
  {
    isFrozen,
    facts,
  }: { readonly isFrozen: Frozen; readonly facts: (value: string) => Pick<ValueFacts, "dims"> | undefined },
): DropoutForm {
  const masks: DropoutMask[] = [];
  const graph = editGraph(model.graph, (edit) => {
    for (const node of model.graph.nodes) {
      const slot = opOf(node, model.opsets)?.dropout?.ratio;
      if (slot === undefined || isFrozen(node.name)) continue;
      const [x = "", y = ""] = [node.inputs[0], node.outputs[0]];
      const ratio = ratioOf(node, slot, (name) => edit.index.initializer.get(name));
      if (ratio === undefined || ratio <= 0 || ratio >= 1) continue;
      const dims = facts(y)?.dims;
      if (dims === undefined || dims.includes("?")) throw openSize(node, dims);
      const input = edit.fresh(`${y}.dropout`);
      masks.push({ input, dims, ratio });
      const kept = makeNode("Mul", [[x, input], [y]], { name: node.name });
      const told = node.outputs[1] ?? "";
      // The second output says what was kept: a mask is 0 or more than 1.
      edit.replace(
        node,
        kept,
        ...(told === "" ? [] : [makeNode("Cast", [[input], [told]], { attributes: { to: 9 } })]),
      );
    }
    edit.setInputs([...model.graph.inputs, ...masks.map((m) => value(m.input, "float32", m.dims))]);
  });
  return masks.length === 0 ? { model, masks } : { model: Object.freeze({ ...model, graph }), masks };
}

function ratioOf(node: Node, slot: number, constant: (name: string) => Parameters<typeof tensorArray>[0] | undefined) {
  const name = node.inputs[slot] ?? "";
  if (name === "") return RATIO;
  const found = constant(name);
  return found === undefined ? undefined : Number(tensorArray(found).data[0]);
}

function openSize(node: Node, dims: readonly (number | string)[] | undefined): LatheError {
  const sizes = dims === undefined ? "unknown size" : `size [${dims.join(",")}]`;
  return new LatheError(
    "unsupported",
    `${node.op} "${node.name}" drops values of ${sizes}, which its mask cannot follow.`,
    {
      hint: "Train without dropout, or freeze this node.",
    },
  );
}

/**
 * The mask for one batch: 0 with the probability that the ratio says, else 1/(1 − ratio). It follows from seed, update
 * and batch alone, so that a resumed training draws what the uninterrupted one would have drawn.
 */
export function drawMask({ input, dims, ratio }: DropoutMask, { samples, seed, step, part }: Draw): NdArray {
  const sizes = maskSizes(dims, samples);
  const random = seededRandom(seed, `dropout/${input}/${step}/${part}`);
  const kept = 1 / (1 - ratio);
  const data = new Float32Array(elementCount(sizes));
  for (let i = 0; i < data.length; i++) data[i] = random.next() < ratio ? 0 : kept;
  return { type: "float32", dims: sizes, data };
}

/** "batch" and "4*batch" as numbers. */
export function maskSizes(dims: DropoutMask["dims"], samples: number): number[] {
  return dims.map((d) => (typeof d === "number" ? d : symbolSize(d, samples)));
}

export const symbolSize = (symbol: string, samples: number): number =>
  symbol === "batch" ? samples : Number.parseInt(symbol, 10) * samples;
