import type { Host } from "../base/host.ts";
import type { Model } from "../graph/model.ts";
import { loadTensors } from "../onnx/read.ts";
import { freeBatch } from "../train/freeBatch.ts";
import { calledInputs, nameLeading, replaceSizes } from "../transform/edges.ts";

/** A model with a choice made, or why it cannot be. */
export type Made =
  { readonly model: Model; readonly change?: string } | { readonly reason: string; readonly hint: string };

const MOST = 1_000_000;

/** The leading dimension of the first input: a size, a name, or undefined where it says nothing. */
export function leadingOf({ graph }: Model): number | string | undefined {
  const type = calledInputs(graph)[0]?.type;
  return type?.kind === "tensor" ? type.dims?.[0]?.size : undefined;
}

/** The names of free dimensions of a model's inputs. */
export function symbolsOf({ graph }: Model): readonly string[] {
  const found = calledInputs(graph).flatMap(({ type }) =>
    type?.kind === "tensor" ? (type.dims ?? []).map((d) => d.size) : [],
  );
  return [...new Set(found.filter((size) => typeof size === "string"))];
}

/** Fixes the number of samples in a call, or sets it free under a name. */
export async function chooseBatch(
  model: Model,
  wish: string,
  { host, signal }: { readonly host: Host; readonly signal: AbortSignal },
): Promise<Made> {
  const text = wish.trim();
  if (text === "") return { model };
  const isNumber = /^\d+$/.test(text);
  const size = isNumber ? Number(text) : text;
  if (isNumber ? Number(text) < 1 || Number(text) > MOST : !/^[A-Za-z_][\w.-]*$/.test(text)) {
    return {
      reason: `"${wish}" is neither a number of samples nor a name.`,
      hint: "Give a whole number from 1, or a name of letters and digits, such as N.",
    };
  }
  const own = leadingOf(model);
  if (own === size) return { model };
  if (typeof size === "string" && symbolsOf(model).includes(size))
    return { reason: `"${size}" is the name of another free dimension already.`, hint: "Choose another name." };
  const change = isNumber ? `Fixes the samples in a call: ${size}.` : `Any number of samples in a call, named ${size}.`;
  if (own === undefined) return { model: nameLeading(model, size), change };
  if (typeof own === "string") return { model: replaceSizes(model, new Map([[own, size]])), change };
  const free = await freeBatch(await loadTensors(model, host), { host, signal });
  if (free === undefined) {
    return {
      reason: `The model is made for "${own}" samples in a call, and does not give other numbers of them.`,
      hint: "Leave it as it is, or export the original model again with a free batch dimension.",
    };
  }
  return { model: replaceSizes(free, new Map([["batch", size]])), change };
}

/** Fixes other free dimensions by name: "sequence=128". */
export function chooseSizes(model: Model, wishes: readonly string[]): Made {
  const known = symbolsOf(model);
  const sizes = new Map<string, number>();
  for (const wish of wishes) {
    const at = wish.lastIndexOf("=");
    const [name, text] = [wish.slice(0, Math.max(0, at)).trim(), wish.slice(at + 1).trim()];
    if (!known.includes(name)) {
      return {
        reason: `"${wish}" names no free dimension of an input.`,
        hint: known.length === 0 ? "All sizes are fixed." : `Free dimensions: ${known.join(", ")}.`,
      };
    }
    if (!/^\d+$/.test(text) || Number(text) < 1 || Number(text) > 2 ** 31)
      return { reason: `"${wish}" gives no size.`, hint: `Write ${name}= and a whole number from 1.` };
    if (sizes.has(name)) return { reason: `"${name}" is given two sizes.`, hint: "Give it one." };
    sizes.set(name, Number(text));
  }
  if (sizes.size === 0) return { model };
  const told = [...sizes].map(([name, size]) => `${name} ${size}`).join(", ");
  return { model: replaceSizes(model, sizes), change: `Fixes sizes: ${told}.` };
}
