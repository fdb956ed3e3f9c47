import type { Json } from "../core/base/json.ts";

/** One run of the tour. */
export interface DemoStep {
  readonly method: string;
  readonly name: string;
  /** Variant that it starts from. */
  readonly from: string;
  readonly params: Readonly<Record<string, Json>>;
  /** What `--full` does differently. */
  readonly full?: Readonly<Record<string, Json>>;
  /** Only with `--full`. */
  readonly isFullOnly?: boolean;
}

export const BASELINE = "fashion-mnist";

/** The small net that is taught, made fresh: ResNet-8 at half its width. */
export const STUDENT = { net: "resnet8", params: { width: 0.5 }, name: "small-untrained" } as const;

const training = { flip: true, crop: 2 } as const;

/** All five families on the sample, in the order in which they run. */
export const STEPS: readonly DemoStep[] = [
  { method: "quantize-static", name: "int8", from: BASELINE, params: {} },
  {
    method: "prune-channels",
    name: "pruned",
    from: BASELINE,
    params: { ...training, remove: 0.5, epochs: 8, rate: 0.03, teacher: BASELINE, baselines: false },
    full: { epochs: 15, baselines: true },
  },
  { method: "quantize-static", name: "pruned-int8", from: "pruned", params: {} },
  {
    method: "sparsify-weights",
    name: "sparse",
    from: BASELINE,
    params: { ...training, sparsity: 0.8, epochs: 8, rate: 0.03, baselines: false },
    full: { epochs: 15, baselines: true },
  },
  {
    method: "distill-logits",
    name: "student",
    from: STUDENT.name,
    params: { ...training, epochs: 16, rate: 0.1, teacher: BASELINE },
    full: { epochs: 40 },
  },
  { method: "quantize-static", name: "student-int8", from: "student", params: {} },
  {
    method: "search-evolution",
    name: "found",
    from: BASELINE,
    params: { trials: 6, population: 3, epochs: 1, others: 0, finalEpochs: 8, flip: true },
    full: { trials: 48, population: 12, epochs: 3, others: 3, finalEpochs: 30 },
  },
  { method: "quantize-mixed", name: "mixed", from: BASELINE, params: {}, isFullOnly: true },
  { method: "quantize-aware-train", name: "four-bit", from: BASELINE, params: {}, isFullOnly: true },
];
