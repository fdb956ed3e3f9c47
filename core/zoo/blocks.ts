import { sizeOf, type Feature } from "./build.ts";
import { add, batchNorm, conv, globalPool, multiply, type Activation, type ConvParts } from "./layers.ts";

/** Settings of the batch normalisations of a net. */
export interface NormParts {
  readonly epsilon?: number;
  readonly momentum?: number;
}

export interface ConvBnParts extends ConvParts {
  /** Absent: the layer stays linear. */
  readonly activation?: Activation;
  readonly norm?: NormParts;
}

/** Convolution, batch normalisation, activation: `name.conv`, `name.bn`. */
export function convBn(x: Feature, name: string, { activation, norm, ...parts }: ConvBnParts): Feature {
  const y = batchNorm(conv(x, `${name}.conv`, parts), `${name}.bn`, norm);
  return activation === undefined ? y : activation(y);
}

/** `convBn` of each channel by itself. */
export function depthwiseBn(x: Feature, name: string, parts: Omit<ConvBnParts, "channels" | "groups">): Feature {
  const channels = sizeOf(x, 1);
  return convBn(x, name, { ...parts, channels, groups: channels });
}

export interface SqueezeParts {
  /** Channels of the bottleneck. */
  readonly channels: number;
  readonly activation: Activation;
  /** Maps to [0, 1]. */
  readonly gate: Activation;
}

/** Scales each channel by what a small net makes of all channel means (Hu et al. 2018, arXiv 1709.01507). */
export function squeezeExcite(x: Feature, name: string, { channels, activation, gate }: SqueezeParts): Feature {
  const squeezed = activation(conv(globalPool(x), `${name}.reduce`, { channels, bias: true }));
  return multiply(x, gate(conv(squeezed, `${name}.expand`, { channels: sizeOf(x, 1), bias: true })));
}

export interface InvertedParts {
  /** Channels of the depthwise layer. */
  readonly expanded: number;
  readonly channels: number;
  readonly kernel: number;
  readonly stride: number;
  readonly activation: Activation;
  readonly squeeze?: SqueezeParts | undefined;
  readonly norm?: NormParts;
}

/**
 * Inverted residual (Sandler et al. 2018, arXiv 1801.04381, figure 3): 1×1 expansion, depthwise convolution,
 * optional squeeze–excite, linear 1×1 projection; with a shortcut where the sizes allow.
 */
export function invertedResidual(x: Feature, name: string, parts: InvertedParts): Feature {
  const { expanded, channels, kernel, stride, activation, squeeze, norm = {} } = parts;
  let y = x;
  if (expanded !== sizeOf(x, 1)) y = convBn(y, `${name}.expand`, { channels: expanded, activation, norm });
  y = depthwiseBn(y, `${name}.depthwise`, { kernel, stride, activation, norm });
  if (squeeze !== undefined) y = squeezeExcite(y, `${name}.se`, squeeze);
  y = convBn(y, `${name}.project`, { channels, norm });
  return stride === 1 && sizeOf(x, 1) === channels ? add(y, x) : y;
}
