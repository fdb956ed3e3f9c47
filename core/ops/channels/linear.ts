import { intOf, stringOf } from "../../graph/attributes.ts";
import type { Node } from "../../graph/model.ts";
import type { Axes, Axis, ChannelRule, Coupler } from "../channels.ts";
import { broadcast } from "./elementwise.ts";

const roles = { 1: "weight", 2: "bias" } as const;

/** A [.., M, K] times B [.., K, N], with the last two axes of either exchanged where asked. */
function product(call: Coupler, { a: turnA, b: turnB }: { readonly a: boolean; readonly b: boolean }): Axes {
  const [a, b] = [turned(call.input(0), turnA), turned(call.input(1), turnB)];
  call.same(a.at(-1), b.length === 1 ? b[0] : b.at(-2));
  const [sizesA, sizesB] = [call.sizes(0).slice(0, -2), call.sizes(1).slice(0, -2)];
  const rank = Math.max(sizesA.length, sizesB.length);
  const stack = Array.from({ length: rank }, (_, axis): Axis => {
    const met: Axis[] = [];
    const [at, bt] = [axis - rank + sizesA.length, axis - rank + sizesB.length];
    if (at >= 0 && sizesA[at]! > 1) met.push(a[at]);
    if (bt >= 0 && sizesB[bt]! > 1) met.push(b[bt]);
    return met.length === 0 ? undefined : call.same(...met);
  });
  return [...stack, ...(a.length > 1 ? [a.at(-2)] : []), ...(b.length > 1 ? [b.at(-1)] : [])];
}

function turned(axes: Axes, turn: boolean): Axes {
  return turn && axes.length > 1 ? [...axes.slice(0, -2), axes.at(-1), axes.at(-2)] : axes;
}

export const matrixProduct: ChannelRule = { couple: (call) => [product(call, { a: false, b: false })], roles };

const flag = (call: Coupler, name: string): boolean => intOf(call.node, name, 0) === 1;

export const fusedMatrixProduct: ChannelRule = {
  couple: (call) => {
    const made = product(call, { a: flag(call, "transA"), b: flag(call, "transB") });
    if (!flag(call, "transBatchA") && !flag(call, "transBatchB")) return [made];
    for (const axis of [...call.input(0), ...call.input(1)]) call.keep(axis, "exchanges its leading axes");
    return [made.map(() => undefined)];
  },
  roles,
};

/** Y = A·B + C, where C is broadcast. */
export const gemm: ChannelRule = {
  couple: (call) => {
    const made = product(call, { a: flag(call, "transA"), b: flag(call, "transB") });
    if (call.slots.inputs < 3 || call.sizes(2).length === 0) return [made];
    const added = broadcast(call, [2]);
    return [
      made.map((axis, i) => {
        const own = i - made.length + added.length;
        return own >= 0 && call.sizes(2)[own]! > 1 ? call.same(axis, added[own]) : axis;
      }),
    ];
  },
  roles,
};

interface Equation {
  readonly terms: readonly string[];
  /** Empty where the equation leaves it open. */
  readonly result: string;
}

function equationOf(node: Node): Equation {
  const [left = "", result = ""] = stringOf(node, "equation", "").replaceAll(" ", "").split("->");
  return { terms: left.split(","), result: left.includes(".") ? "" : result };
}

/** Axes with the same letter are the same. */
export const einsum: ChannelRule = {
  couple: (call) => {
    const { terms, result } = equationOf(call.node);
    if (result === "") {
      for (let slot = 0; slot < call.slots.inputs; slot++)
        for (const axis of call.input(slot)) call.keep(axis, "has an equation that leaves its axes open");
      return [call.outputSizes(0).map(() => undefined)];
    }
    const known = new Map<string, Axis>();
    terms.forEach((term, slot) => {
      for (const [i, letter] of Array.from(term).entries()) {
        const own = call.input(slot)[i];
        known.set(letter, known.has(letter) ? call.same(known.get(letter), own) : own);
      }
    });
    return [Array.from(result, (letter) => known.get(letter))];
  },
  roles: { 0: "weight", 1: "weight" },
  makes: (node, slot) => {
    const { terms, result } = equationOf(node);
    const others = terms.filter((_, i) => i !== slot).join("");
    const at = Array.from(terms[slot] ?? "").findIndex((letter) => result.includes(letter) && !others.includes(letter));
    return at < 0 ? undefined : at;
  },
};
