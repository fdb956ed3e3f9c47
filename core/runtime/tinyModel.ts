const field = (number: number, ...content: readonly number[]): number[] => [number * 8 + 2, content.length, ...content];
const text = (number: number, of: string): number[] => field(number, ...new TextEncoder().encode(of));
/** A ValueInfoProto of type float32 with these sizes. */
const tensorInfo = (name: string, dims: readonly number[]): number[] => [
  ...text(1, name),
  ...field(2, ...field(1, 8, 1, ...field(2, ...dims.flatMap((d) => field(1, 8, d))))),
];

/** y = op(x), IR version 8, as an ONNX file. Every number stays below 128. */
function unary(op: string, dims: readonly number[], domain = ""): Uint8Array {
  const imported = domain === "" ? [] : field(8, ...text(1, domain), 16, 1);
  return Uint8Array.from([
    ...[8, 8],
    ...field(
      7,
      ...field(1, ...text(1, "x"), ...text(2, "y"), ...text(4, op), ...(domain === "" ? [] : text(7, domain))),
      ...text(2, "g"),
      ...field(11, ...tensorInfo("x", dims)),
      ...field(12, ...tensorInfo("y", dims)),
    ),
    ...field(8, ...text(1, ""), 16, 13),
    ...imported,
  ]);
}

/**
 * y = Relu(x) on two floats, opset 13. Written out byte by byte (field number times 8 plus wire type), because probing
 * a provider must not wait for the ONNX reader to load.
 */
export const TINY_MODEL: Uint8Array = unary("Relu", [2]);

/** Brings [1, 16, 1, 2] into the layout of the runtime's blocked kernels. */
export const BLOCK_MODEL: Uint8Array = unary("ReorderInput", [1, 16, 1, 2], "com.microsoft.nchwc");
