import { stringOf } from "../../graph/attributes.ts";
import type { Node } from "../../graph/model.ts";
import { sumTo } from "../broadcast.ts";
import { factsOf, filled, intVector, rankOf, shapeOf } from "../constants.ts";
import type { GradientRule, GraphWriter } from "../gradient.ts";

/** An equation in which every axis has a letter, those of an ellipsis too. */
interface Equation {
  readonly operands: readonly string[];
  readonly output: string;
}

/**
 * The gradient of an operand is the product of dy with the other operands, summed to the operand's letters;
 * where it alone has a letter, which was summed away, the gradient is the same all along it.
 */
export const einsumGradient: GradientRule = (write, { node, dy: [dy], needs }) => {
  if (dy === undefined) return [];
  const equation = readEquation(write, node);
  return node.inputs.map((x, slot) => (needs(slot) ? gradientOf(write, { node, equation, x, slot, dy }) : undefined));
};

interface OperandCall {
  readonly node: Node;
  readonly equation: Equation;
  readonly x: string;
  readonly slot: number;
  readonly dy: string;
}

function gradientOf(write: GraphWriter, { node, equation, x, slot, dy }: OperandCall): string {
  const given = equation.operands.map((letters, i) => ({ value: node.inputs[i] ?? "", letters }));
  const { own, diagonals } = withoutDiagonals(write, { x, letters: equation.operands[slot] ?? "", equation });
  const others = [...given.toSpliced(slot, 1), ...diagonals];
  // A scalar has no letters that an equation could name.
  const factors = [...(equation.output === "" ? [] : [{ value: dy, letters: equation.output }]), ...others];
  const met = new Set(factors.flatMap(({ letters }) => Array.from(letters)));
  const shared = Array.from(own)
    .filter((letter) => met.has(letter))
    .join("");
  const einsum = (): string =>
    write.op(
      "Einsum",
      factors.map(({ value }) => value),
      { equation: `${factors.map(({ letters }) => letters).join(",")}->${shared}` },
    );
  const product = factors.length === 0 ? dy : equation.output === "" ? write.op("Mul", [einsum(), dy]) : einsum();
  const missing = Array.from(own).flatMap((letter, axis) => (met.has(letter) ? [] : [axis]));
  if (missing.length > 0) {
    const wide = write.op("Unsqueeze", [product, intVector(write, missing)]);
    return write.op("Expand", [wide, shapeOf(write, x)]);
  }
  const { type } = factsOf(write, x);
  const all = [{ value: x, letters: own }, ...others];
  const dims = Array.from(own).map((letter) => sizeOfLetter(write, letter, all));
  return sumTo(write, write.note(product, { type, dims }), [product, x]);
}

interface Factor {
  readonly value: string;
  readonly letters: string;
}

/** A letter that comes twice gets another name the second time, and an identity matrix says that both are the same. */
function withoutDiagonals(
  write: GraphWriter,
  { x, letters, equation }: { readonly x: string; readonly letters: string; readonly equation: Equation },
): { readonly own: string; readonly diagonals: readonly Factor[] } {
  const taken = equation.operands.join("");
  const spare = ALPHABET.filter((letter) => !taken.includes(letter));
  const { type } = factsOf(write, x);
  let own = "";
  const diagonals: Factor[] = [];
  for (const [axis, letter] of Array.from(letters).entries()) {
    const name = own.includes(letter) ? (spare[diagonals.length] ?? letter) : letter;
    own += name;
    if (name === letter) continue;
    const square = write.op("Gather", [shapeOf(write, x), intVector(write, [axis, axis])]);
    const value = write.op("EyeLike", [filled(write, square, { value: 0, type })]);
    const size = factsOf(write, x).dims[axis] ?? "?";
    diagonals.push({ value: write.note(value, { type, dims: [size, size] }), letters: letter + name });
  }
  return { own, diagonals };
}

/** The size along a letter; operands of size 1 are broadcast along it. */
function sizeOfLetter(write: GraphWriter, letter: string, operands: readonly Factor[]): number | string {
  const sizes = operands.flatMap(({ value, letters }) => {
    const size = letters.includes(letter) ? factsOf(write, value).dims[letters.indexOf(letter)] : undefined;
    return size === undefined || size === 1 ? [] : [size];
  });
  const [first = 1] = sizes;
  return sizes.every((s) => s === first) ? first : (sizes.find((s) => typeof s === "number") ?? "?");
}

function readEquation(write: GraphWriter, node: Node): Equation {
  const [left = "", right] = stringOf(node, "equation", "").replaceAll(" ", "").split("->");
  const terms = left.split(",");
  const named = (term: string): string => term.replace("...", "");
  const spare = ALPHABET.filter((letter) => !left.includes(letter));
  const hidden = terms.map((term, i) =>
    term.includes("...") ? rankOf(write, node.inputs[i] ?? "") - named(term).length : 0,
  );
  const rank = Math.max(...hidden);
  // Ellipses align at their last axes.
  const ellipsis = (count: number): string => spare.slice(rank - count, rank).join("");
  const letters = terms.map(named).join("");
  const once = ALPHABET.filter((letter) => letters.split(letter).length === 2).join("");
  return {
    operands: terms.map((term, i) => term.replace("...", ellipsis(hidden[i] ?? 0))),
    output: (right ?? `...${once}`).replace("...", ellipsis(rank)),
  };
}

/** In the order in which an equation without an output sorts its letters. */
const ALPHABET = Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
