import { z } from "zod";
import type { Processor } from "../contract/device.ts";
import type { EightBits } from "../transform/writeFormats.ts";
import { about } from "./about.ts";

/**
 * On which processors eight-bit sums have to be right; a fragment that methods which write eight-bit kernels put among
 * their own parameters.
 */
export const targetParams = {
  target: z
    .enum(["every", "here", "x86-vnni", "x86", "arm"])
    .default("every")
    .meta(
      about({
        title: "Processors it is for",
        description:
          "x86 without VNNI adds products of eight bits in pairs of 16 bits, which can saturate; x86-vnni and arm do not. A recipe keeps what this machine is in place of here.",
      }),
    ),
  reduceRange: z
    .enum(["auto", "on", "off"])
    .default("auto")
    .meta(
      about({
        title: "Reduce weight range",
        description:
          "auto: where a target could saturate, channels get as many fewer levels as it takes that no sum can; on: seven bits everywhere; off: eight bits, and what saturates is told.",
        advanced: true,
      }),
    ),
};

export type TargetParams = z.output<z.ZodObject<typeof targetParams>>;

/** Parameters as a recipe keeps them: with what this machine is. */
export function settleTarget<P extends TargetParams>(params: P, here: Processor): P {
  return params.target === "here" ? { ...params, target: here } : params;
}

/** How weights of eight bits are rounded for the targets. */
export function eightBitsFor({ target, reduceRange }: TargetParams): EightBits {
  const saturates = target === "every" || target === "x86";
  return { steps: reduceRange === "on" ? 64 : 127, isExact: reduceRange === "auto" && saturates };
}

/** For recipes from before there was a choice of targets: what they said, which was eight bits unless asked otherwise. */
export function upgradeTarget<T extends object>(params: T): T & { target: "every"; reduceRange: "on" | "off" } {
  const isReduced = "reduceRange" in params && params.reduceRange === true;
  return { ...params, target: "every", reduceRange: isReduced ? "on" : "off" };
}
