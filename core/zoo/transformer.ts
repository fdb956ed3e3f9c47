import { sizeOf, type Feature } from "./build.ts";
import { ones, truncatedNormal, zeros } from "./initialize.ts";
import { add, multiply, scalar } from "./layers.ts";

/** Weights of transformers: N(0, 0.02²), cut at two deviations. */
export const small = truncatedNormal(0.02);

/** Fully connected layer over the last axis of [batch, tokens, C]. Weight [C, units], as MatMul has it. */
export function project(x: Feature, name: string, units: number): Feature {
  const fans = { in: sizeOf(x, -1), out: units };
  const weight = x.net.parameter(`${name}.weight`, [fans.in, units], { initializer: small, fans });
  const bias = x.net.parameter(`${name}.bias`, [units], { initializer: zeros });
  const dims = [...x.dims.slice(0, -1), units];
  const product = x.net.emit("MatMul", [x, weight], { name, dims });
  return x.net.emit("Add", [product, bias], { name: `${name}.shifted`, dims });
}

/** Layer normalisation over the last axis. */
export function layerNorm(x: Feature, name: string, epsilon: number): Feature {
  const dims = [sizeOf(x, -1)];
  const weight = x.net.parameter(`${name}.weight`, dims, { initializer: ones });
  const bias = x.net.parameter(`${name}.bias`, dims, { initializer: zeros });
  return x.net.emit("LayerNormalization", [x, weight, bias], { name, dims: x.dims, attributes: { axis: -1, epsilon } });
}

/** ½x·(1 + erf(x/√2)) (Hendrycks & Gimpel 2016, arXiv 1606.08415), in the form that runtimes fuse. */
export function gelu(x: Feature): Feature {
  const { net, dims } = x;
  const scaled = net.emit("Div", [x, scalar(x, Math.SQRT2)], { dims });
  const shifted = net.emit("Add", [net.emit("Erf", [scaled], { dims }), scalar(x, 1)], { dims });
  return net.emit("Mul", [multiply(x, shifted), scalar(x, 0.5)], { dims });
}

export interface AttentionParts {
  readonly heads: number;
  /** Added to the scores; broadcasts over [batch, heads, tokens, tokens]. */
  readonly mask?: Feature | undefined;
}

/** Multi-head self-attention, softmax(Q·Kᵀ/√d)·V (Vaswani et al. 2017, arXiv 1706.03762, section 3.2). */
export function attention(x: Feature, name: string, { heads, mask }: AttentionParts): Feature {
  const { net } = x;
  const [batch, tokens, channels] = [x.dims[0]!, sizeOf(x, 1), sizeOf(x, 2)];
  const each = channels / heads;
  const split = (part: string, perm: readonly number[]): Feature => {
    const shaped = reshape(project(x, `${name}.${part}`, channels), [tokens, heads, each]);
    const dims = [batch, ...perm.slice(1).map((axis) => [0, tokens, heads, each][axis]!)];
    return net.emit("Transpose", [shaped], { name: `${name}.${part}.heads`, dims, attributes: { perm } });
  };
  const query = split("query", [0, 2, 1, 3]);
  const key = split("key", [0, 2, 3, 1]);
  const value = split("value", [0, 2, 1, 3]);
  const dims = [batch, heads, tokens, tokens];
  let scores = net.emit("MatMul", [query, key], { name: `${name}.scores`, dims });
  scores = net.emit("Mul", [scores, scalar(x, 1 / Math.sqrt(each))], { name: `${name}.scaled`, dims });
  if (mask !== undefined) scores = net.emit("Add", [scores, mask], { name: `${name}.masked`, dims });
  const weights = net.emit("Softmax", [scores], { name: `${name}.weights`, dims, attributes: { axis: -1 } });
  const mixed = net.emit("MatMul", [weights, value], { name: `${name}.mixed`, dims: [batch, heads, tokens, each] });
  const joined = net.emit("Transpose", [mixed], {
    name: `${name}.joined`,
    dims: [batch, tokens, heads, each],
    attributes: { perm: [0, 2, 1, 3] },
  });
  return project(reshape(joined, [tokens, channels]), `${name}.output`, channels);
}

export interface LayerParts extends AttentionParts {
  readonly epsilon: number;
  /** Normalises the input of each half (ViT) instead of each sum (the original, BERT). */
  readonly normFirst: boolean;
}

/** One encoder layer: attention, then two dense layers of four times the channels, each with a shortcut. */
export function encoderLayer(x: Feature, name: string, { epsilon, normFirst, ...parts }: LayerParts): Feature {
  const norm = (y: Feature, which: string): Feature => layerNorm(y, `${name}.${which}`, epsilon);
  const attend = (y: Feature): Feature => attention(y, `${name}.attention`, parts);
  const channels = sizeOf(x, -1);
  const feed = (y: Feature): Feature =>
    project(gelu(project(y, `${name}.mlp.hidden`, 4 * channels)), `${name}.mlp.output`, channels);
  if (normFirst) {
    const y = add(attend(norm(x, "norm1")), x);
    return add(feed(norm(y, "norm2")), y);
  }
  const y = norm(add(attend(x), x), "norm1");
  return norm(add(feed(y), y), "norm2");
}

/** Everything behind the batch in a new shape. */
export function reshape(x: Feature, dims: readonly number[]): Feature {
  // 0 copies the batch.
  const shape = BigInt64Array.from([0, ...dims], BigInt);
  const name = x.net.constant({ type: "int64", dims: [shape.length], data: shape });
  return x.net.emit("Reshape", [x, name], { dims: [x.dims[0]!, ...dims] });
}

/** Token number `at` of [batch, tokens, C]: [batch, C]. */
export function token(x: Feature, name: string, at: number): Feature {
  const index = x.net.constant({ type: "int64", dims: [], data: BigInt64Array.of(BigInt(at)) });
  return x.net.emit("Gather", [x, index], { name, dims: [x.dims[0]!, sizeOf(x, 2)], attributes: { axis: 1 } });
}

/** Adds a learned vector to every position of [batch, tokens, C]. */
export function addPositions(x: Feature, name: string): Feature {
  const table = x.net.parameter(name, [1, sizeOf(x, 1), sizeOf(x, 2)], { initializer: small });
  return x.net.emit("Add", [x, table], { name: `${name}.sum`, dims: x.dims });
}
