import { binary, unary } from "./forms.ts";

export const subGradient = binary(
  (_, { dy }) => dy,
  (write, { dy }) => write.op("Neg", [dy]),
);

/** da = dy / b, db = −dy·y / b */
export const divGradient = binary(
  (write, { b, dy }) => write.op("Div", [dy, b]),
  (write, { b, y, dy }) => write.op("Neg", [write.op("Div", [write.op("Mul", [dy, y]), b])]),
);

/** dx = dy·y */
export const expGradient = unary((write, { y, dy }) => write.op("Mul", [dy, y]));

/** dx = dy / x */
export const logGradient = unary((write, { x, dy }) => write.op("Div", [dy, x]));
