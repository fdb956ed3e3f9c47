import { LatheError } from "../base/error.ts";
import type { Accuracy } from "../contract/measurement.ts";
import type { Artifact } from "../contract/project.ts";
import type { Predictions } from "../measure/accuracy.ts";
import type { Project } from "./project.ts";

/** Layout of the artefact: four arrays of 4-byte elements, little-endian, each of the same length. */
const ARRAYS = 4;

/** Keeps what a model predicted, so that variants measured later can be compared sample by sample. */
export async function storePredictions(project: Project, made: Predictions): Promise<Artifact> {
  return project.store.artifacts.putBytes(packPredictions(made));
}

/** What was predicted when the accuracy was measured; undefined for measurements without. @throws integrity */
export async function readPredictions(project: Project, accuracy: Accuracy): Promise<Predictions | undefined> {
  if (accuracy.predictions === undefined) return undefined;
  return unpackPredictions(await project.store.artifacts.read(accuracy.predictions), accuracy.samples);
}

export function packPredictions(made: Predictions): Uint8Array {
  const n = made.indices.length;
  const bytes = new Uint8Array(ARRAYS * 4 * n);
  [made.indices, made.labels, made.predictions, made.confidence].forEach((array, i) => {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), i * 4 * n);
  });
  return bytes;
}

/** @throws integrity where they are not those of `n` samples */
export function unpackPredictions(stored: Uint8Array, n: number): Predictions {
  const bytes = stored.slice();
  if (bytes.byteLength !== ARRAYS * 4 * n) {
    throw new LatheError("integrity", `The predictions have "${bytes.byteLength}" bytes, not ${ARRAYS * 4 * n}.`, {
      hint: "Measure again.",
    });
  }
  return {
    indices: new Int32Array(bytes.buffer, 0, n),
    labels: new Int32Array(bytes.buffer, 4 * n, n),
    predictions: new Int32Array(bytes.buffer, 8 * n, n),
    confidence: new Float32Array(bytes.buffer, 12 * n, n),
  };
}
