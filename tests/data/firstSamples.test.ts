import { describe, expect, it } from "vitest";
import type { SampleStream } from "../../core/data/batches.ts";
import { drawSamples } from "../../core/data/drawSamples.ts";
import { firstSamples } from "../../core/data/firstSamples.ts";
import { noise } from "../transform/fixtures.ts";
import { streamOf } from "../transform/quantize.ts";

const all = streamOf(noise([10, 2, 3]));

async function read(stream: SampleStream, size: number): Promise<{ sizes: number[]; values: number[] }> {
  const sizes: number[] = [];
  const values: number[] = [];
  for await (const { indices, input } of stream.batches(size)) {
    expect(input.dims).toEqual([indices.length, 2, 3]);
    expect(input.data).toHaveLength(indices.length * 6);
    sizes.push(indices.length);
    values.push(...(input.data as Float32Array));
  }
  return { sizes, values };
}

describe("firstSamples", () => {
  it.each([
    [4, 3, [3, 1]],
    [4, 4, [4]],
    [4, 100, [4]],
    [7, 5, [5, 2]],
    [1, 1, [1]],
  ])("gives the first %s in batches of %s", async (count, size, sizes) => {
    const first = firstSamples(all, count);
    expect(first.count).toBe(count);
    expect([...first.indices]).toEqual([...all.indices.subarray(0, count)]);
    const whole = await read(all, 10);
    expect(await read(first, size)).toEqual({ sizes, values: whole.values.slice(0, count * 6) });
  });

  it("is the stream itself where there are no more", () => {
    expect(firstSamples(all, 10)).toBe(all);
    expect(firstSamples(all, 99)).toBe(all);
  });

  it("may be read again, and ends the stream behind it", async () => {
    let ended = 0;
    const watched: SampleStream = {
      ...all,
      batches: async function* (size) {
        try {
          yield* all.batches(size);
        } finally {
          ended++;
        }
      },
    };
    const first = firstSamples(watched, 3);
    expect(await read(first, 2)).toEqual(await read(first, 2));
    expect(ended).toBe(2);
  });
});

describe("drawSamples", () => {
  it("gives samples of all parts of a split in random order, the same for the same seed", async () => {
    const whole = (await read(all, 10)).values;
    const numbersOf = async (seed: number): Promise<readonly number[]> => {
      const { sizes, values } = await read(drawSamples(all, 6, seed), 4);
      expect(sizes).toEqual([4, 2]);
      return [0, 1, 2, 3, 4, 5].map((i) => whole.indexOf(values[6 * i]!) / 6);
    };
    const numbers = await numbersOf(3);
    expect(new Set(numbers).size).toBe(6);
    expect(numbers).not.toEqual(numbers.toSorted((a, b) => a - b));
    expect(await numbersOf(3)).toEqual(numbers);
    expect(await numbersOf(4)).not.toEqual(numbers);
    expect(drawSamples(all, 99, 0).count).toBe(10);
  });
});
