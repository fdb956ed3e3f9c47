import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Dataset, RawImage } from "../../core/data/dataset.ts";
import { openDataset } from "../../core/data/open.ts";
import { DEFAULT_SPLIT_PLAN, planSplits } from "../../core/data/splits.ts";
import { sharedData, sharedNote } from "../shared.ts";
import { temporaryFolder } from "./fixtures.ts";

const root = temporaryFolder();

function unpack(archive: string, to: string, only: readonly string[] = []): string {
  const folder = join(root, to);
  mkdirSync(folder);
  execFileSync("tar", ["xzf", join(sharedData!, "datasets", archive), "-C", folder, ...only]);
  return folder;
}

const key = (image: RawImage, label: number): string => `${label}:${Buffer.from(image.pixels).toString("base64")}`;

async function contents(set: Dataset, split: string): Promise<string[]> {
  const keys: string[] = [];
  for (let i = 0; i < set.info.count; i++) {
    if (set.given?.[i] !== split) continue;
    const sample = await set.read(i);
    if (sample.kind === "image") keys.push(key(sample, set.labels![i]!));
  }
  return keys.sort();
}

describe.skipIf(sharedData === undefined)(`public data sets${sharedNote}`, () => {
  it("reads the same CIFAR-10 images, pixel by pixel, from the binary files and from PNG folders", async () => {
    const binary = await openDataset(join(sharedData!, "datasets/cifar10-5k"));
    const folders = await openDataset(join(unpack("cifar10-5k/cifar10-5k-png.tar.gz", "cifar"), "cifar10-5k-png"));
    expect(folders.info.classes).toEqual(binary.info.classes);
    expect([binary.info.count, folders.info.count]).toEqual([5000, 5000]);
    for (const split of ["train", "test"])
      expect(await contents(folders, split)).toEqual(await contents(binary, split));
    const { train, validation, test } = planSplits(binary, DEFAULT_SPLIT_PLAN);
    expect([train.length + validation.length, test.length]).toEqual([4000, 1000]);
  });

  it("has a sample whose images are Fashion-MNIST's, with their labels", async () => {
    const sample = await openDataset(join(import.meta.dirname, "../../samples/fashion-mnist"));
    const archive = unpack(
      "fashion-mnist-png.tar.gz",
      "fashion",
      [8, 9].map((c) => `fashion_mnist_images/test/${c}`),
    );
    const full = await openDataset(join(archive, "fashion_mnist_images/test"));
    expect(full.info.count).toBe(2000);
    const known = new Set<string>();
    for (let i = 0; i < full.info.count; i++) known.add(key((await full.read(i)) as RawImage, full.labels![i]! + 8));
    const test = (await contents(sample, "test")).filter((image) => image.startsWith("8:") || image.startsWith("9:"));
    expect(test).toHaveLength(200);
    expect(test.filter((image) => !known.has(image))).toEqual([]);
  });

  it("reads the WISDM table", async () => {
    const path = join(sharedData!, "datasets/wisdm/WISDM_ar_v1.1_transformed.csv");
    const set = await openDataset(path, { ignoreColumns: ["UNIQUE_ID", "user"], unreadable: "skip" });
    expect(set.info.classes).toEqual(["Downstairs", "Jogging", "Sitting", "Standing", "Upstairs", "Walking"]);
    expect(set.info.count + set.info.unreadableCount).toBe(5418);
    expect(set.info.sampleShape).toEqual([43]);
  });
});

describe("the sample of the product", () => {
  it("holds 600 training and 100 test images of each class", async () => {
    const { info, labels, given } = await openDataset(join(import.meta.dirname, "../../samples/fashion-mnist"));
    expect(info).toMatchObject({ format: "idx", kind: "image", count: 7000, sampleShape: [28, 28, 1] });
    expect(info.classes?.slice(0, 2)).toEqual(["T-shirt/top", "Trouser"]);
    for (let c = 0; c < 10; c++) {
      const of = (split: string): number => labels!.filter((label, i) => label === c && given![i] === split).length;
      expect([of("train"), of("test")]).toEqual([600, 100]);
    }
  });
});
