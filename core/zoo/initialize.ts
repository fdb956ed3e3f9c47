import type { Random } from "../base/random.ts";

/** Inputs that feed one output of a layer, and outputs that one input feeds. */
export interface Fans {
  readonly in: number;
  readonly out: number;
}

/** Draws one weight. */
export type Initializer = (random: Random, fans: Fans) => number;

/** N(0, 2 / fan-in): keeps the variance forwards through ReLU (He et al. 2015, arXiv 1502.01852, eq. 10). */
export const heNormal: Initializer = (random, fans) => random.normal() * Math.sqrt(2 / fans.in);

/** N(0, 2 / fan-out): keeps the variance backwards (He et al. 2015, eq. 14). */
export const heNormalBackward: Initializer = (random, fans) => random.normal() * Math.sqrt(2 / fans.out);

/** U(±√(6 / fan-in)): `heNormal` as a uniform distribution. */
export const heUniform: Initializer = (random, fans) => uniform(random, Math.sqrt(6 / fans.in));

/** U(±√(6 / (fan-in + fan-out))) (Glorot & Bengio 2010, eq. 16). */
export const xavierUniform: Initializer = (random, fans) => uniform(random, Math.sqrt(6 / (fans.in + fans.out)));

/** U(±1/√fan-in) (LeCun et al. 1998, "Efficient BackProp", as a uniform distribution). */
export const lecunUniform: Initializer = (random, fans) => uniform(random, 1 / Math.sqrt(fans.in));

/** N(0, deviation²). */
export const normal =
  (deviation: number): Initializer =>
  (random) =>
    random.normal() * deviation;

/** N(0, deviation²), drawn again outside ±2 deviations, as in BERT and ViT. */
export const truncatedNormal =
  (deviation: number): Initializer =>
  (random) => {
    for (;;) {
      const drawn = random.normal();
      if (Math.abs(drawn) <= 2) return drawn * deviation;
    }
  };

export const zeros: Initializer = () => 0;
export const ones: Initializer = () => 1;

function uniform(random: Random, limit: number): number {
  return (2 * random.next() - 1) * limit;
}
