import { LatheError } from "../base/error.ts";

/** What a supernet can become: stages of residual blocks, every value up to the largest. */
export interface ElasticSpace {
  /** Sizes of one sample. */
  readonly input: readonly [number, number, number];
  readonly classes: number;
  readonly channels: number;
  /** Per stage; a stage has from one block to `depth`. */
  readonly stages: readonly { readonly depth: number }[];
  readonly widths: readonly number[];
  readonly kernels: readonly number[];
  readonly expansions: readonly number[];
}

/** @throws invalid-argument */
export function checkSpace({ stages, widths, kernels, expansions, channels }: ElasticSpace): void {
  const isEmpty = [stages, widths, kernels, expansions].some((values) => values.length === 0);
  const isEven = kernels.find((k) => k % 2 === 0);
  if (!isEmpty && isEven === undefined && stages.every((s) => s.depth >= 1) && channels >= 4) return;
  throw new LatheError(
    "invalid-argument",
    isEven === undefined
      ? "A supernet needs stages, widths, kernels and expansions."
      : `A supernet has no kernel "${isEven}".`,
    { hint: "Give each at least one value, and odd kernels." },
  );
}
