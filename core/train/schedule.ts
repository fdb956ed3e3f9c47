/** How the learning rate goes over the steps of a training. */
export interface ScheduleSpec {
  readonly kind: "constant" | "step" | "cosine" | "linear" | "one-cycle";
  /** Share of the steps over which the rate first rises linearly; for one-cycle the rising part (default 0.3). */
  readonly warmup?: number;
  /** The rate at the end, as a share of the base rate; default 0. */
  readonly end?: number;
  /** step: shares of the training after which the rate is multiplied by `factor` (defaults ½ and ¾, 0.1). */
  readonly milestones?: readonly number[];
  readonly factor?: number;
}

/**
 * Share of the base rate at a step.
 * @param step from 0
 * @param total steps of the whole training
 */
export function rateAt(spec: ScheduleSpec, step: number, total: number): number {
  const { end = 0 } = spec;
  if (spec.kind === "one-cycle") return oneCycle(spec, step, total);
  const rising = Math.round((spec.warmup ?? 0) * total);
  // The first step already learns, and the step after the rise has the full rate.
  if (step < rising) return (step + 1) / (rising + 1);
  const done = (step - rising) / Math.max(1, total - rising);
  switch (spec.kind) {
    case "constant":
      return 1;
    case "linear":
      return 1 + (end - 1) * done;
    case "cosine":
      return cosine(1, end, done);
    case "step": {
      const passed = (spec.milestones ?? [0.5, 0.75]).filter((at) => step >= Math.round(at * total)).length;
      return (spec.factor ?? 0.1) ** passed;
    }
  }
}

/** From 1/25 up to 1 and down to `end` (default 10⁻⁴ of the start), both along half cosines (Smith and Topin 2018, as in PyTorch). */
function oneCycle({ warmup = 0.3, end = 4e-6 }: ScheduleSpec, step: number, total: number): number {
  const peak = Math.max(0, warmup * total - 1);
  if (step <= peak && peak > 0) return cosine(1 / 25, 1, step / peak);
  return cosine(1, end, (step - peak) / Math.max(1, total - 1 - peak));
}

/** From a to b along half a cosine. */
function cosine(a: number, b: number, done: number): number {
  return b + ((a - b) * (1 + Math.cos(Math.PI * Math.min(1, done)))) / 2;
}
