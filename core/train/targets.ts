import { elementCount, type NdArray } from "../base/array.ts";
import { LatheError } from "../base/error.ts";
import type { Batch } from "../data/batches.ts";
import type { Head } from "./heads.ts";

/** Two samples of a batch mixed into one: the share of the sample itself, and the other one's row. */
export interface Mixing {
  readonly partner: Int32Array;
  /** Share of the own label, per sample. */
  readonly share: Float32Array;
}

/**
 * Targets of a head from the labels of a batch: class numbers, or distributions, which may be mixed.
 * @throws invalid-data without labels, or for a label that is no class
 */
export function targetsOf(head: Head, batch: Batch, mixing?: Mixing): NdArray {
  const labels = checkLabels(head, batch);
  const rows = labels.length;
  const dims = [rows, ...head.dims.slice(1)].map((d) => (typeof d === "number" ? d : 1));
  if (elementCount(dims.slice(1)) === 1 && head.kind === "classes") {
    if (mixing !== undefined) throw new LatheError("internal", "Class labels cannot be mixed.");
    return { type: "int64", dims, data: BigInt64Array.from(labels, BigInt) };
  }
  const classes = dims[1] ?? 0;
  if (dims.length !== 2 || head.kind === "classes") {
    throw new LatheError("unsupported", `Labels of samples are no targets for an output of [${dims.join(",")}].`, {
      hint: "Give the targets of this output as arrays.",
    });
  }
  const data = new Float32Array(rows * classes);
  for (let i = 0; i < rows; i++) {
    const share = mixing?.share[i] ?? 1;
    data[i * classes + labels[i]!] = share;
    if (share < 1) data[i * classes + labels[mixing!.partner[i]!]!]! += 1 - share;
  }
  return { type: "float32", dims, data };
}

function checkLabels(head: Head, { labels, indices }: Batch): Int32Array {
  if (labels === undefined) {
    throw new LatheError("invalid-data", "The data set has no labels to train with.", {
      hint: "Import the data with labels: class folders, labels.csv, or a label column.",
    });
  }
  const classes = head.classes ?? Infinity;
  const at = labels.findIndex((label) => label < 0 || label >= classes);
  if (at < 0) return labels;
  throw new LatheError(
    "invalid-data",
    `Sample ${indices[at]!} has the label "${labels[at]!}", and the output "${head.output}" has ${classes} classes.`,
    { hint: "Use a model with one output per class of the data set." },
  );
}
