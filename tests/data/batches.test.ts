import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { ImagePreprocessing } from "../../core/contract/preprocessing.ts";
import { sampleStream } from "../../core/data/batches.ts";
import type { Dataset } from "../../core/data/dataset.ts";
import { openDataset } from "../../core/data/open.ts";
import { prepareOne } from "../../core/data/prepare.ts";
import { cifarRecords, npyArray, pattern, temporaryFolder, writeFiles } from "./fixtures.ts";
import { COUNT, digest, indices, p, pictures, threads } from "./pictures.ts";

const root = temporaryFolder();
let set: Dataset;
beforeAll(async () => {
  set = await openDataset(await pictures(root, "pictures"));
});

describe("streams of image files", () => {
  it("give the same bytes with 0, 1 and 3 threads, however little memory they may take", async () => {
    const reference = await digest(sampleStream(set, { indices, preprocessing: p, workers: 0 }), 20);
    expect(reference.sizes).toEqual([20, 20, 20, 15]);
    for (const options of [{ workers: 3 }, { workers: 1, memoryBudget: 1 }]) {
      expect(await digest(sampleStream(set, { indices, preprocessing: p, ...options }), 20)).toEqual(reference);
    }
  });

  it("give what preparing each sample gives, in the order asked for", async () => {
    const stream = sampleStream(set, { indices, preprocessing: p, workers: 2 });
    expect([stream.count, stream.classes]).toEqual([COUNT, ["c0", "c1", "c2", "c3"]]);
    let at = 0;
    for await (const batch of stream.batches(32)) {
      expect(batch.input.dims.slice(1)).toEqual([3, 16, 16]);
      const data = batch.input.data as Float32Array;
      for (const [i, index] of batch.indices.entries()) {
        expect(index).toBe(indices[at++]);
        expect(batch.labels![i]).toBe(set.labels![index]);
        const { data: alone } = prepareOne(await set.read(index), p);
        expect(
          Buffer.compare(
            Buffer.from(data.slice(i * 768, (i + 1) * 768).buffer),
            Buffer.from((alone as Float32Array).buffer),
          ),
        ).toBe(0);
      }
    }
    expect(at).toBe(COUNT);
  });

  it("may be read again", async () => {
    const stream = sampleStream(set, { indices: indices.slice(0, 10), preprocessing: p, workers: 1 });
    expect(await digest(stream, 4)).toEqual(await digest(stream, 4));
  });
});

describe("streams of data in memory", () => {
  it("need no threads where nothing is resampled", async () => {
    const cifar = await openDataset(
      writeFiles(join(root, "cifar"), { "test_batch.bin": cifarRecords([1, 2, 3, 4, 5]) }),
    );
    const as: ImagePreprocessing = { ...p, height: 32, width: 32, resize: "none" };
    delete (as as { resizeTo?: number }).resizeTo;
    const before = threads();
    for await (const { input, labels, indices: part } of sampleStream(cifar, {
      indices: Int32Array.of(4, 0, 2),
      preprocessing: as,
    }).batches(2)) {
      expect(threads()).toBe(before);
      expect([...labels!]).toEqual([...part].map((i) => i + 1));
      const { data } = prepareOne(cifar.view!(part[0]!), as);
      expect([...(input.data as Float32Array).subarray(0, 3072)]).toEqual([...(data as Float32Array)]);
    }
  });

  it("resample in threads with the same result", async () => {
    const cifar = await openDataset(
      writeFiles(join(root, "cifar-large"), {
        "test_batch.bin": cifarRecords(Array.from({ length: 40 }, (_, i) => i % 10)),
      }),
    );
    const all = Int32Array.from({ length: 40 }, (_, i) => i);
    const enlarge: ImagePreprocessing = { ...p, height: 40, width: 40, resize: "stretch" };
    const reference = await digest(sampleStream(cifar, { indices: all, preprocessing: enlarge, workers: 0 }), 16);
    expect(await digest(sampleStream(cifar, { indices: all, preprocessing: enlarge, workers: 2 }), 16)).toEqual(
      reference,
    );
  });

  it("stay within the memory budget", async () => {
    const cifar = await openDataset(
      writeFiles(join(root, "cifar-budget"), {
        "test_batch.bin": cifarRecords(Array.from({ length: 60 }, (_, i) => i % 10)),
      }),
    );
    let begun = 0;
    const counted: Dataset = { ...cifar, view: undefined, read: async (i) => (begun++, cifar.read(i)) };
    const batchBytes = 5 * 3 * 40 * 40 * 4;
    const options = {
      preprocessing: { ...p, height: 40, width: 40, resize: "stretch" as const },
      indices: Int32Array.from({ length: 60 }, (_, i) => i),
    };
    for (const [memoryBudget, ahead] of [
      [3.5 * batchBytes, 3],
      [1, 1],
    ] as const) {
      begun = 0;
      let used = 0;
      let most = 0;
      for await (const batch of sampleStream(counted, { ...options, memoryBudget, workers: 1 }).batches(5)) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        most = Math.max(most, begun - used);
        used += batch.indices.length;
      }
      expect(used).toBe(60);
      expect(most).toBe(ahead * 5);
    }
  });

  it("read large files by ranges with the same result", async () => {
    const path = writeFiles(join(root, "npy"), { "x.npy": npyArray("|u1", [9, 4, 4, 1, 1], pattern(144)) });
    const held = await openDataset(join(path, "x.npy"));
    const preprocessing = {
      kind: "array" as const,
      shape: [4, 4],
      scale: 1,
      mean: [],
      std: [],
      type: "float32" as const,
    };
    const all = Int32Array.from({ length: 9 }, (_, i) => i);
    const ranged: Dataset = { ...held, view: undefined };
    expect(await digest(sampleStream(ranged, { indices: all, preprocessing }), 4)).toEqual(
      await digest(sampleStream(held, { indices: all, preprocessing }), 4),
    );
  });
});
