import { z } from "zod";
import type { AugmentSpec, Policy } from "../train/augment/augment.ts";
import { about } from "./about.ts";

const jitter = (title: string) =>
  z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .meta(about({ title, description: "Random factor within 1 ± this.", advanced: true }));

const band = (title: string, description: string) =>
  z
    .int()
    .min(0)
    .max(65_536)
    .default(0)
    .meta(about({ title, unit: "bins", description, advanced: true }));

/** What is done to the training samples. */
export const augmentParams = {
  crop: z
    .int()
    .min(0)
    .max(1024)
    .default(0)
    .meta(
      about({
        title: "Random shift",
        unit: "pixels",
        description: "Moves images by up to this much, as padding and cropping does.",
      }),
    ),
  flip: z
    .boolean()
    .default(false)
    .meta(about({ title: "Random mirroring", description: "Mirrors half of the images left to right." })),
  rotate: z
    .number()
    .min(0)
    .max(180)
    .default(0)
    .meta(
      about({
        title: "Random rotation",
        unit: "degrees",
        description: "Turns images by up to this much.",
        advanced: true,
      }),
    ),
  brightness: jitter("Brightness"),
  contrast: jitter("Contrast"),
  saturation: jitter("Saturation"),
  policy: z
    .enum(["none", "trivial", "rand"])
    .default("none")
    .meta(
      about({
        title: "Augmentation policy",
        description: "TrivialAugment takes one random operation per image, RandAugment two of medium strength.",
      }),
    ),
  erase: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .meta(about({ title: "Random erasing", description: "Probability that a rectangle is blanked out." })),
  frequencyMask: band(
    "Frequency mask",
    "Widest band of frequencies of a spectrogram that is blanked out (SpecAugment).",
  ),
  timeMask: band("Time mask", "Longest stretch of a spectrogram that is blanked out (SpecAugment)."),
  mixup: z
    .number()
    .min(0)
    .max(10)
    .default(0)
    .meta(about({ title: "Mixup", description: "α of the weights with which two samples are added; 0 is off." })),
  cutmix: z
    .number()
    .min(0)
    .max(10)
    .default(0)
    .meta(about({ title: "CutMix", description: "α of the rectangle that is pasted from another image; 0 is off." })),
};

export type AugmentParams = z.output<z.ZodObject<typeof augmentParams>>;

const POLICIES: Readonly<Record<Exclude<AugmentParams["policy"], "none">, Policy>> = {
  trivial: { kind: "trivial" },
  rand: { kind: "rand", operations: 2, strength: 0.3 },
};

/** What the engine is to do, from the parameters as people give them: 0 is off, and so is what a method does not offer. */
export function augmentOf({ flip, policy = "none", ...amounts }: Partial<AugmentParams>): AugmentSpec {
  const names = [
    ...(["crop", "rotate", "brightness", "contrast", "saturation", "erase", "mixup", "cutmix"] as const),
    ...(["frequencyMask", "timeMask"] as const),
  ];
  return {
    ...Object.fromEntries(names.flatMap((name) => ((amounts[name] ?? 0) > 0 ? [[name, amounts[name]]] : []))),
    ...(flip && { flip }),
    ...(policy !== "none" && { policy: POLICIES[policy] }),
  };
}
