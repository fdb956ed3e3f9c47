import type { Random } from "../../base/random.ts";
import { autoContrast, brightness, contrast, equalize, posterize, saturation, sharpness, solarize } from "./colour.ts";
import { rotation, warp, type Affine } from "./move.ts";
import type { Picture } from "./picture.ts";

/** One operation with a strength from 0 to 1; `sign` is 1 or −1. */
type Operation = (picture: Picture, strength: number, sign: number) => void;

const still: Affine = { a: 1, b: 0, c: 0, d: 1, x: 0, y: 0 };
const tone =
  (change: (picture: Picture, factor: number) => void): Operation =>
  (picture, strength, sign) =>
    change(picture, 1 + sign * strength * 0.9);

/** The operations that AutoAugment chose from (Cubuk et al. 2019), at RandAugment's ranges. */
const OPERATIONS: readonly Operation[] = [
  () => undefined,
  (picture) => autoContrast(picture),
  (picture) => equalize(picture),
  (picture, strength, sign) => warp(picture, rotation(sign * strength * 30)),
  (picture, strength) => solarize(picture, 1 - strength),
  (picture, strength) => posterize(picture, 8 - Math.round(strength * 4)),
  tone(saturation),
  tone(contrast),
  tone(brightness),
  tone(sharpness),
  (picture, strength, sign) => warp(picture, { ...still, b: sign * strength * 0.3 }),
  (picture, strength, sign) => warp(picture, { ...still, c: sign * strength * 0.3 }),
  (picture, strength, sign) => warp(picture, { ...still, x: sign * strength * 0.3 * picture.width }),
  (picture, strength, sign) => warp(picture, { ...still, y: sign * strength * 0.3 * picture.height }),
];

export type Policy =
  /** One operation at a random strength (TrivialAugment, Müller and Hutter 2021). */
  | { readonly kind: "trivial" }
  /** So many operations at one strength from 0 to 1 (RandAugment, Cubuk et al. 2020). */
  | { readonly kind: "rand"; readonly operations: number; readonly strength: number };

export function applyPolicy(picture: Picture, policy: Policy, random: Random): void {
  const count = policy.kind === "trivial" ? 1 : policy.operations;
  for (let i = 0; i < count; i++) {
    const operation = OPERATIONS[random.integer(OPERATIONS.length)]!;
    const strength = policy.kind === "trivial" ? random.integer(31) / 30 : policy.strength;
    operation(picture, strength, random.next() < 0.5 ? -1 : 1);
  }
}
