import { BITS, type Bits } from "./bits.ts";

/** How one layer is stored and computed. */
export interface Format {
  /** `fp32`, `fp16`, `w4` (weights alone) or `w4a8` (weights and activations). */
  readonly name: FormatName;
  readonly weights: Bits | 16 | 32;
  /** 32: float. */
  readonly activations: Bits | 32;
  /** Whether it stands for a kernel that the runtime does not have: the numbers are right, the speed is another's. */
  readonly isSimulated: boolean;
}

export type FormatName = "fp32" | "fp16" | `w${Bits}` | `w${Bits}a${Bits}`;

const make = (name: FormatName, weights: Format["weights"], activations: Format["activations"]): Format =>
  Object.freeze({ name, weights, activations, isSimulated: activations < 8 });

/** Every format, from the widest to the narrowest activations. */
export const FORMATS: readonly Format[] = [
  make("fp32", 32, 32),
  make("fp16", 16, 32),
  ...BITS.toReversed().map((w) => make(`w${w}`, w, 32)),
  ...BITS.toReversed().flatMap((a) => BITS.toReversed().map((w) => make(`w${w}a${a}`, w, a))),
];

const BY_NAME: ReadonlyMap<string, Format> = new Map(FORMATS.map((f) => [f.name, f]));

/** The format of a name that `FORMATS` has. */
export function formatOf(name: FormatName): Format {
  return BY_NAME.get(name)!;
}
