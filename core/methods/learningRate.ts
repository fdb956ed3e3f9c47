import { z } from "zod";
import type { Json } from "../base/json.ts";
import type { ParameterMeta } from "../contract/method.ts";
import { about } from "./about.ts";

/** A tryout measures none: that takes longer than all that it trains. */
const TRIED = 1e-3;

/** The parameter of a learning rate: a number, or "auto", which measures one before the training. */
export function learningRate(meta: Pick<ParameterMeta, "description" | "search">) {
  return z
    .union([z.literal("auto"), z.number().positive()], { error: 'is "auto" or a number above 0' })
    .default("auto")
    .meta(about({ title: "Learning rate", tryout: TRIED, ...meta }));
}

/** Parameters of version 1, where a rate that was not given was this one, in the form of version 2. */
export function withFixedRate(
  rate: number,
): (params: Readonly<Record<string, Json>>, from: number) => Record<string, Json> {
  return (params, from) => (from === 1 ? { rate, ...params } : { ...params });
}
