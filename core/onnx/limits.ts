/** Bounds on what reading a model may cost. Beyond them reading fails with `limit-exceeded`. */
export interface Limits {
  /** Size of the model file in bytes, external data not counted; protobuf itself ends at 2 GiB. */
  readonly fileBytes: number;
  /** Nodes, those of subgraphs and functions included. */
  readonly nodes: number;
  /** Messages within messages. Google's parsers, and with them onnxruntime, stop at 100. */
  readonly nesting: number;
  /** Fields and unpacked list entries of the whole file: what bounds the number of objects in memory. */
  readonly fields: number;
  /** Tensor elements that are stored as protobuf numbers instead of raw bytes. */
  readonly typedElements: number;
}

export const DEFAULT_LIMITS: Limits = Object.freeze({
  fileBytes: 2 ** 31 - 1,
  nodes: 1_000_000,
  nesting: 100,
  fields: 50_000_000,
  typedElements: 100_000_000,
});
