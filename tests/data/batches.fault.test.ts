import { rmSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { sampleStream } from "../../core/data/batches.ts";
import type { Dataset } from "../../core/data/dataset.ts";
import { openDataset } from "../../core/data/open.ts";
import { failureOf, temporaryFolder } from "./fixtures.ts";
import { digest, indices, p, pictures, threads } from "./pictures.ts";

const root = temporaryFolder();
let set: Dataset;
beforeAll(async () => {
  set = await openDataset(await pictures(root, "pictures"));
});

describe("streams that end early", () => {
  it("end their threads when they are read to the end, left early or cancelled", async () => {
    const before = threads();
    const stream = sampleStream(set, { indices, preprocessing: p, workers: 2 });
    await digest(stream, 16);
    expect(threads()).toBe(before);
    for await (const batch of stream.batches(8)) {
      expect(batch.indices.length).toBe(8);
      expect(threads()).toBeGreaterThan(before);
      break;
    }
    expect(threads()).toBe(before);
    const control = new AbortController();
    const read = async (): Promise<void> => {
      for await (const batch of stream.batches(8, control.signal)) if (batch.indices.length > 0) control.abort();
    };
    expect(await failureOf(read())).toMatchObject({ code: "cancelled", message: "Cancelled." });
    expect(threads()).toBe(before);
  });

  it("do not start when cancelled before", async () => {
    const stream = sampleStream(set, { indices, preprocessing: p });
    expect(
      (await failureOf(digest({ ...stream, batches: (size) => stream.batches(size, AbortSignal.abort()) }, 8))).code,
    ).toBe("cancelled");
  });

  it("name the first image in order that cannot be read any more", async () => {
    const path = await pictures(root, "damaged");
    const damaged = await openDataset(path);
    writeFileSync(damaged.file(indices[70]!)!, "oops");
    rmSync(damaged.file(indices[40]!)!);
    const before = threads();
    for (const workers of [0, 3]) {
      const stream = sampleStream(damaged, { indices, preprocessing: p, workers });
      const failure = await failureOf(digest(stream, 25));
      expect(failure.code).toBe("not-found");
      expect(failure.message).toMatch(new RegExp(`^Reading "${damaged.name(indices[40]!)}": ENOENT`));
      const after = sampleStream(damaged, { indices: indices.slice(60), preprocessing: p, workers });
      expect(await failureOf(digest(after, 25))).toEqual({
        code: "invalid-data",
        message: `Image "${damaged.name(indices[70]!)}" cannot be read: It starts with "6f 6f 70 73", which no known image does.`,
        hint: "Repair or remove the file, then open the data set again.",
      });
    }
    expect(threads()).toBe(before);
  });
});

describe("streams that cannot be", () => {
  it("refuse samples and batches that there are not", () => {
    expect(() => sampleStream(set, { indices: Int32Array.of(0, 75), preprocessing: p })).toThrow(
      `"${set.info.path}" has 75 samples; there is none with number "75".`,
    );
    const stream = sampleStream(set, { indices, preprocessing: p });
    expect(() => stream.batches(0)).toThrow('A batch cannot have "0" samples.');
  });

  it("name a sample that does not fit", async () => {
    const stream = sampleStream(set, {
      indices,
      preprocessing: { ...p, resize: "none", height: 500, width: 500 },
      workers: 1,
    });
    expect((await failureOf(digest(stream, 8))).message).toMatch(
      new RegExp(`^Image "${set.name(0)}" is "\\d+×\\d+" before the crop; the model needs 500×500\\.$`),
    );
  });
});
