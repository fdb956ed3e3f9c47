import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { NEWEST_OPSET, versionsOf } from "../../core/ops/versions.ts";
import { VERSIONS } from "../../core/ops/versions/table.ts";

/** Operator sets in which each op was defined anew, as ONNX's own schemas list them. */
const published = JSON.parse(readFileSync(join(import.meta.dirname, "onnxVersions.json"), "utf8")) as Record<
  string,
  number[]
>;

test("knows every definition of every op of ONNX up to the newest operator set that the runtime runs", () => {
  const known = [...VERSIONS.keys()].map((op) => [op, versionsOf(op)?.map((v) => v.since)]);
  expect(Object.fromEntries(known)).toEqual(published);
  expect(Math.max(...Object.values(published).flat())).toBe(NEWEST_OPSET);
});
