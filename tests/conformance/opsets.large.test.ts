import { expect, test } from "vitest";
import { sharedNote } from "../shared.ts";
import { readCases } from "./archive.ts";
import { NODE_TESTS } from "./onnxNodeTests.ts";
import { bringCase, type Brought } from "./opsets.ts";

test.skipIf(NODE_TESTS === undefined).each([11, 13, 18, 26])(
  `ONNX's backend node tests give the same at opset %i, or are refused${sharedNote}`,
  async (to) => {
    const found: Brought[] = [];
    for (const one of readCases(NODE_TESTS ?? "")) {
      const brought = await bringCase(one, to);
      if (brought !== undefined) found.push(brought);
    }
    const of = (result: Brought["result"]): readonly Brought[] => found.filter((f) => f.result === result);
    for (const result of ["the same", "refused", "not loadable"] as const)
      console.log(`opset ${to}: ${of(result).length} ${result}`);
    expect(of("different")).toEqual([]);
    if (to < 26) return;
    // Upwards nearly everything goes: the ops whose meaning changed are few, and the runtime knows the rest.
    expect(of("the same").length).toBeGreaterThan(1150);
    expect(
      of("refused")
        .map((f) => f.note)
        .filter((note) => !/opset \d+ (changed|wants|is too old)|in opset 10$/.test(note)),
    ).toEqual([]);
    expect(of("not loadable")).toEqual([]);
  },
);
