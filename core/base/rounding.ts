/** IEEE 754 roundTiesToEven to a whole number, as ONNX QuantizeLinear asks for. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
