import { beforeAll, describe, expect, it } from "vitest";
import { readCases } from "../conformance/archive.ts";
import { NODE_TESTS } from "../conformance/onnxNodeTests.ts";
import { sharedNote } from "../shared.ts";
import { sweepCase, type Swept } from "./nodeTests.ts";

/** What the ONNX cases contain and Lathe does not differentiate. Nothing here may be left out for convenience alone. */
const UNSUPPORTED: readonly string[] = [
  "AffineGrid: no gradient, because the ops that read from its grid have none either.",
  "ArrayFeatureExtractor: no gradient, because Lathe does not know this op.",
  "BatchNormalization: no gradient for what depends on its running statistics.",
  "Col2Im: no gradient, because Lathe has no rule for it; ConvTranspose adds up overlapping blocks too.",
  "DFT: no gradient, because it makes complex numbers; a Conv with the transform's rows as its kernels has one.",
  "DeformConv: no gradient, because it reads at positions that are computed.",
  "Det: no gradient, because Lathe does not know this op.",
  "DynamicQuantizeLinear: no gradient, because its scale follows the data; use QuantizeLinear with a scale of its own.",
  "GridSample: no gradient, because it reads at positions that are computed.",
  "Loop: no gradient, because its body runs a number of times that is known only when it runs.",
  "MaxUnpool: no gradient for an output shape of its own.",
  "OptionalGetElement: no gradient, because gradients do not flow through sequences and optionals.",
  'Resize: no gradient for keep_aspect_ratio_policy "not_larger".',
  'Resize: no gradient for keep_aspect_ratio_policy "not_smaller".',
  "STFT: no gradient, because it makes complex numbers; a Conv with the transform's rows as its kernels has one.",
  "Scan: no gradient, because its body runs a number of times that is known only when it runs.",
  'ScatterND: no gradient for reduction "max".',
  'ScatterND: no gradient for reduction "min".',
  'ScatterND: no gradient for reduction "mul".',
  "Unique: no gradient, because how many elements it gives depends on what they are.",
];

describe.skipIf(NODE_TESTS === undefined)(`gradients over the ONNX node tests${sharedNote}`, () => {
  const swept: Swept[] = [];
  const of = (result: Swept["result"]): readonly Swept[] => swept.filter((s) => s.result === result);

  beforeAll(async () => {
    for (const test of readCases(NODE_TESTS ?? "")) swept.push(await sweepCase(test));
    const results = ["checked", "stops", "unsupported", "not differentiable", "not runnable", "failed"] as const;
    console.log(results.map((result) => `${of(result).length} ${result}`).join(", "));
  }, 600_000);

  it("meet central differences in every case that has them", () => {
    expect(of("failed").map(({ name, note }) => `${name}: ${note}`)).toEqual([]);
    expect(of("checked").length).toBeGreaterThanOrEqual(700);
  });

  it("are refused with the reason in the others", () => {
    const reasons = of("unsupported").map(({ note }) => note.replace(/^(\w+) "[^"]*"/, "$1"));
    expect([...new Set(reasons)].sort()).toEqual(UNSUPPORTED);
  });
});
