const field = (number: number, ...content: readonly number[]): number[] => [number * 8 + 2, content.length, ...content];
const text = (number: number, of: string): number[] => field(number, ...new TextEncoder().encode(of));
/** A ValueInfoProto of type float32[2]. */
const pair = (name: string): number[] => [
  ...text(1, name),
  ...field(2, ...field(1, 8, 1, ...field(2, ...field(1, 8, 2)))),
];

/**
 * y = Relu(x) on two floats, IR version 8, opset 13, as an ONNX file. Written out byte by byte (field number
 * times 8 plus wire type), because probing a provider must not wait for the ONNX reader to load.
 */
export const TINY_MODEL: Uint8Array = Uint8Array.from([
  ...[8, 8],
  ...field(
    7,
    ...field(1, ...text(1, "x"), ...text(2, "y"), ...text(4, "Relu")),
    ...text(2, "g"),
    ...field(11, ...pair("x")),
    ...field(12, ...pair("y")),
  ),
  ...field(8, ...text(1, ""), 16, 13),
]);
