import { float32 } from "../base/array.ts";
import { LatheError } from "../base/error.ts";
import { sizeOf, type Feature } from "./build.ts";
import { heNormalBackward, lecunUniform, ones, zeros, type Initializer } from "./initialize.ts";

/** One number for both sides, or height and width. */
export type Pair = number | readonly [number, number];

export interface ConvParts {
  /** Output channels. */
  readonly channels: number;
  readonly kernel?: Pair;
  readonly stride?: Pair;
  /** Rows above, columns left, rows below, columns right; default: so that stride 1 keeps the size. */
  readonly pads?: Pads;
  readonly groups?: number;
  /** Default false: a batch normalisation behind it has one. */
  readonly bias?: boolean;
  readonly initializer?: Initializer;
}

export type Pads = readonly [number, number, number, number];

/** Convolution of [batch, C, H, W]. Weight `name.weight` [channels, C/groups, kH, kW], bias `name.bias`. */
export function conv(x: Feature, name: string, parts: ConvParts): Feature {
  const { channels, groups = 1, bias = false, initializer = heNormalBackward } = parts;
  const kernel = both(parts.kernel ?? 1);
  const stride = both(parts.stride ?? 1);
  const pads = parts.pads ?? samePads(kernel);
  const inner = sizeOf(x, 1) / groups;
  const area = kernel[0] * kernel[1];
  const weight = x.net.parameter(`${name}.weight`, [channels, inner, ...kernel], {
    initializer,
    fans: { in: inner * area, out: (channels / groups) * area },
  });
  const inputs = [x, weight];
  if (bias) inputs.push(x.net.parameter(`${name}.bias`, [channels], { initializer: zeros }));
  return x.net.emit("Conv", inputs, {
    name,
    dims: [x.dims[0]!, channels, ...slide(x, name, { kernel, stride, pads })],
    attributes: { kernel_shape: kernel, strides: stride, pads, group: groups, dilations: [1, 1] },
  });
}

/** Convolution of each channel by itself. */
export function depthwise(x: Feature, name: string, parts: Omit<ConvParts, "channels" | "groups">): Feature {
  const channels = sizeOf(x, 1);
  return conv(x, name, { ...parts, channels, groups: channels });
}

/** Learned upsampling by a factor: kernel = stride. Weight [C, channels, factor, factor]. */
export function upConv(x: Feature, name: string, { channels, factor, initializer }: UpConvParts): Feature {
  const inner = sizeOf(x, 1);
  const kernel = [factor, factor] as const;
  const weight = x.net.parameter(`${name}.weight`, [inner, channels, ...kernel], {
    initializer,
    // With kernel = stride every output meets one position of the kernel.
    fans: { in: inner, out: channels * factor * factor },
  });
  const bias = x.net.parameter(`${name}.bias`, [channels], { initializer: zeros });
  return x.net.emit("ConvTranspose", [x, weight, bias], {
    name,
    dims: [x.dims[0]!, channels, sizeOf(x, 2) * factor, sizeOf(x, 3) * factor],
    attributes: { kernel_shape: kernel, strides: kernel },
  });
}

interface UpConvParts {
  readonly channels: number;
  readonly factor: number;
  readonly initializer: Initializer;
}

/**
 * Batch normalisation in inference form, with the running statistics of an untrained net (mean 0, variance 1).
 * @param momentum share of the old running statistics that a training step keeps
 */
export function batchNorm(x: Feature, name: string, { epsilon = 1e-5, momentum = 0.9 } = {}): Feature {
  const dims = [sizeOf(x, 1)];
  const inputs = [
    x.net.parameter(`${name}.weight`, dims, { initializer: ones }),
    x.net.parameter(`${name}.bias`, dims, { initializer: zeros }),
    x.net.parameter(`${name}.running_mean`, dims, { initializer: zeros, isState: true }),
    x.net.parameter(`${name}.running_var`, dims, { initializer: ones, isState: true }),
  ];
  return x.net.emit("BatchNormalization", [x, ...inputs], { name, dims: x.dims, attributes: { epsilon, momentum } });
}

/** Fully connected layer over the last axis of [batch, features]. Weight [units, features]. */
export function dense(
  x: Feature,
  name: string,
  { units, bias = lecunUniform, initializer = lecunUniform }: DenseParts,
): Feature {
  const fans = { in: sizeOf(x, -1), out: units };
  const weight = x.net.parameter(`${name}.weight`, [units, fans.in], { initializer, fans });
  const shift = x.net.parameter(`${name}.bias`, [units], { initializer: bias, fans });
  return x.net.emit("Gemm", [x, weight, shift], { name, dims: [x.dims[0]!, units], attributes: { transB: 1 } });
}

interface DenseParts {
  readonly units: number;
  readonly bias?: Initializer;
  readonly initializer?: Initializer;
}

export type Activation = (x: Feature) => Feature;

const elementwise =
  (op: string): Activation =>
  (x) =>
    x.net.emit(op, [x], { dims: x.dims });

export const relu = elementwise("Relu");
export const sigmoid = elementwise("Sigmoid");
export const tanh = elementwise("Tanh");

/** x · min(max(x/6 + 1/2, 0), 1) (Howard et al. 2019, arXiv 1905.02244, section 5.2). */
export const hardSwish = elementwise("HardSwish");

/** x · σ(x), also known as SiLU. */
export const swish: Activation = (x) => multiply(x, sigmoid(x));

/** min(max(x/6 + 1/2, 0), 1). */
export function hardSigmoid(x: Feature): Feature {
  return x.net.emit("HardSigmoid", [x], { dims: x.dims, attributes: { alpha: 1 / 6, beta: 0.5 } });
}

/** min(max(x, 0), 6). */
export function relu6(x: Feature): Feature {
  return x.net.emit("Clip", [x, scalar(x, 0), scalar(x, 6)], { dims: x.dims });
}

export function add(a: Feature, b: Feature): Feature {
  return a.net.emit("Add", [a, b], { dims: a.dims });
}

/** `gate` broadcasts. */
export function multiply(a: Feature, gate: Feature): Feature {
  return a.net.emit("Mul", [a, gate], { dims: a.dims });
}

/** Joins along the channels. */
export function concat(parts: readonly [Feature, ...Feature[]]): Feature {
  const [first] = parts;
  const channels = parts.reduce((sum, part) => sum + sizeOf(part, 1), 0);
  const dims = first.dims.map((d, axis) => (axis === 1 ? channels : d));
  return first.net.emit("Concat", parts, { dims, attributes: { axis: 1 } });
}

export interface PoolParts {
  readonly kernel: Pair;
  readonly stride?: Pair;
  readonly pads?: Pads;
  /** Whether windows may start inside and end outside. */
  readonly ceil?: boolean;
}

export const maxPool = (x: Feature, name: string, parts: PoolParts): Feature => pool("MaxPool", x, { name, ...parts });

export const averagePool = (x: Feature, name: string, parts: PoolParts): Feature =>
  pool("AveragePool", x, { name, ...parts });

function pool(
  op: string,
  x: Feature,
  { name, ceil = false, ...parts }: PoolParts & { readonly name: string },
): Feature {
  const kernel = both(parts.kernel);
  const stride = both(parts.stride ?? kernel);
  const pads = parts.pads ?? [0, 0, 0, 0];
  return x.net.emit(op, [x], {
    name,
    dims: [x.dims[0]!, x.dims[1]!, ...slide(x, name, { kernel, stride, pads, ceil })],
    attributes: { kernel_shape: kernel, strides: stride, pads, ...(ceil && { ceil_mode: 1 }) },
  });
}

/** Mean over height and width: [batch, C, 1, 1]. */
export function globalPool(x: Feature): Feature {
  return x.net.emit("GlobalAveragePool", [x], { dims: [x.dims[0]!, x.dims[1]!, 1, 1] });
}

/** [batch, everything else]. */
export function flatten(x: Feature): Feature {
  const size = x.dims.slice(1).reduce<number>((all, _, axis) => all * sizeOf(x, axis + 1), 1);
  return x.net.emit("Flatten", [x], { dims: [x.dims[0]!, size], attributes: { axis: 1 } });
}

/** A float constant of rank 0. */
export function scalar(x: Feature, of: number): string {
  return x.net.constant(float32([], [of]));
}

function both(pair: Pair): readonly [number, number] {
  return typeof pair === "number" ? [pair, pair] : pair;
}

/** Half the kernel on each side; of an even kernel the larger half behind, as TensorFlow's SAME does. */
function samePads([height, width]: readonly [number, number]): Pads {
  const before = [Math.floor((height - 1) / 2), Math.floor((width - 1) / 2)] as const;
  return [...before, height - 1 - before[0], width - 1 - before[1]];
}

interface Window {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly pads: Pads;
  readonly ceil?: boolean;
}

/** Height and width behind a sliding window. */
function slide(x: Feature, name: string, { kernel, stride, pads, ceil = false }: Window): readonly [number, number] {
  const along = (axis: 0 | 1): number => {
    const steps = (sizeOf(x, axis + 2) + pads[axis] + pads[axis + 2]! - kernel[axis]) / stride[axis];
    if (steps < 0) {
      throw new LatheError(
        "invalid-argument",
        `"${name}" has a window of ${kernel.join("×")} and gets only "${x.dims.slice(2).join("×")}".`,
        { hint: "Choose a larger input." },
      );
    }
    return (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
  };
  return [along(0), along(1)];
}
