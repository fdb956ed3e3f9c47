import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { generateSchema } from "../../scripts/generate.ts";

test("the generated schema is what core/onnx/onnx.proto gives", () => {
  const committed = readFileSync(new URL("../../core/onnx/generated/onnx_pb.ts", import.meta.url), "utf8");
  expect(generateSchema()).toBe(committed);
});
