import { describe, expect, it } from "vitest";
import { joinStreams } from "../../core/data/joinStreams.ts";
import type { Batch, SampleStream } from "../../core/data/batches.ts";
import { stripes } from "../train/pictures.ts";

async function read(stream: SampleStream, size: number): Promise<Batch[]> {
  const found: Batch[] = [];
  for await (const batch of stream.batches(size)) found.push(batch);
  return found;
}

const pixels = (batches: readonly Batch[]): number[] =>
  batches.flatMap((b) => Array.from(b.input.data as Float32Array));
const labels = (batches: readonly Batch[]): number[] => batches.flatMap((b) => Array.from(b.labels ?? []));

describe("two streams as one", () => {
  const [first, second] = [stripes(10, 1), stripes(7, 2)];
  const joined = joinStreams(first, second);

  it("give the first one's samples with labels and the second one's without", async () => {
    expect(joined.count).toBe(17);
    expect(joined.classes).toEqual(first.classes);
    for (const size of [1, 4, 17, 50]) {
      const batches = await read(joined, size);
      expect(batches.map((b) => b.indices.length)).toEqual(
        Array.from({ length: Math.ceil(17 / size) }, (_, i) => Math.min(size, 17 - i * size)),
      );
      expect(batches.every((b) => b.input.dims[0] === b.indices.length)).toBe(true);
      expect(pixels(batches)).toEqual([...pixels(await read(first, 3)), ...pixels(await read(second, 3))]);
      expect(labels(batches)).toEqual([...labels(await read(first, 3)), ...Array.from({ length: 7 }, () => -1)]);
    }
  });

  it("take any order, and tell their samples apart", async () => {
    expect(new Set(joined.indices).size).toBe(17);
    const order = Int32Array.from([...joined.indices].reverse());
    const [plain, turned] = [await read(joined, 1), await read(joined.select(order), 1)];
    expect(turned.map((b) => pixels([b]))).toEqual(plain.map((b) => pixels([b])).reverse());
    expect(labels(turned)).toEqual(labels(plain).reverse());
  });

  it("are other samples where either is another", () => {
    expect(joined.fingerprint).toBe(joinStreams(stripes(10, 1), stripes(7, 2)).fingerprint);
    expect(joined.fingerprint).not.toBe(joinStreams(second, first).fingerprint);
  });
});
