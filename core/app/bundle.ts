import { elementCount, toFloat32, type NdArray } from "../base/array.ts";
import type { GivenChoices } from "../contract/export.ts";
import type { Variant } from "../contract/project.ts";
import type { Feeds } from "../measure/feeds.ts";
import type { InputInfo } from "../runtime/session.ts";
import type { Prepared } from "./exportPlan.ts";
import type { Work } from "./project.ts";
import type { OpenedData } from "./projectData.ts";

/** What may be chosen of an export, and where it goes. Choices that nobody makes leave the model as it is. */
export interface ExportOptions extends Work, GivenChoices {
  /** Folder to make; it must not exist. */
  readonly out: string;
  readonly threads?: number;
  /** Bytes that one model file may have; default: what protobuf allows. */
  readonly largestFile?: number;
}

/** Samples, and what the project's variant makes of them, under the names that the exported model has. */
export interface Vectors {
  readonly inputs: readonly InputInfo[];
  readonly outputs: readonly InputInfo[];
  readonly feeds: Feeds;
  readonly results: Feeds;
  /** Samples in a call. */
  readonly count: number;
}

export interface BundleTask {
  readonly variant: Variant;
  /** The model with all choices made. */
  readonly prepared: Prepared;
  /** The project's own file of the variant. */
  readonly path: string;
  readonly data: OpenedData | undefined;
  readonly options: ExportOptions;
  /** Folder that the bundle is made in. */
  readonly draft: string;
}

/** Bytes and SHA-256 of a file as it was handed to the file system. */
export interface Digest {
  readonly bytes: number;
  readonly sha256: string;
}

/** Largest difference of two arrays of numbers; Infinity where shapes differ or one side is not a number. */
export function largestDifference(a: NdArray, b: NdArray): number {
  if (a.dims.join() !== b.dims.join()) return Infinity;
  const [x, y] = [toFloat32(a), toFloat32(b)];
  let worst = 0;
  for (let i = 0; i < elementCount(a.dims); i++) {
    const difference = Math.abs((x[i] ?? NaN) - (y[i] ?? NaN));
    // Not Math.max, which would not let equal infinities pass and NaN hide.
    if (Object.is(x[i], y[i])) continue;
    if (!(difference <= worst)) worst = Number.isNaN(difference) ? Infinity : difference;
  }
  return worst;
}
