import { widened, type VersionChange } from "./versions/change.ts";
import { VERSIONS } from "./versions/table.ts";

export type { Rewrite, Surroundings, VersionChange } from "./versions/change.ts";

/** The newest operator set of ONNX whose changes are written down here, and that onnxruntime 1.30 runs. */
export const NEWEST_OPSET = 26;

/** IR version of the ONNX release that brought an operator set: ONNX, Versioning.md. */
const RELEASED_IN: readonly (readonly [opset: number, ir: number])[] = [
  [25, 13],
  [24, 12],
  [23, 11],
  [21, 10],
  [19, 9],
  [15, 8],
  [12, 7],
  [11, 6],
  [10, 5],
  [9, 4],
];

export function irVersionOf(opset: number): number {
  return RELEASED_IN.find(([from]) => opset >= from)?.[1] ?? 3;
}

/** Definitions of an op of the ONNX domain, oldest first; undefined where it is none. */
export function versionsOf(op: string): readonly VersionChange[] | undefined {
  return VERSIONS.get(op)?.map((v) => (typeof v === "number" ? widened(v) : v));
}
