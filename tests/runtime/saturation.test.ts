import { expect, it } from "vitest";
import { discoverProcessor } from "../../core/runtime/machine.ts";
import { isEightBitExact } from "../../core/runtime/saturation.ts";

it("eight-bit products are exact where the processor has VNNI", async () => {
  const { instructionSets } = await discoverProcessor();
  const exact = await isEightBitExact();
  expect(exact || !instructionSets.vnni).toBe(true);
});
