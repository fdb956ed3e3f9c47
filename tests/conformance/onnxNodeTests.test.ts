import { expect, test } from "vitest";
import { sharedNote } from "../shared.ts";
import { NODE_TESTS, runCases, summarize } from "./onnxNodeTests.ts";

test.skipIf(NODE_TESTS === undefined)(
  `ONNX's backend node tests survive reading and writing${sharedNote}`,
  async () => {
    const outcomes = await runCases(NODE_TESTS ?? "");
    for (const { name, result, note } of outcomes) {
      if (result === "passed" && note !== undefined) console.log(`${name}: ${note}`);
    }
    console.log(summarize(outcomes));
    expect(outcomes.filter((o) => o.result === "failed")).toEqual([]);
    expect(outcomes).toHaveLength(1288);
    // What onnxruntime 1.30 has no kernel for on the CPU; four more need the locale en_US.UTF-8.
    expect(outcomes.filter((o) => o.result === "not loadable by the runtime").length).toBeLessThan(60);
  },
);
