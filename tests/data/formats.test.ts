import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { fileRecords } from "../../core/data/records.ts";
import { openDataset } from "../../core/data/open.ts";
import { bytesOf, cifarRecords, idx, npyArray, pattern, temporaryFolder, writeFiles, zip } from "./fixtures.ts";

const LETTERS = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
const root = temporaryFolder();
const folder = (name: string, files: Readonly<Record<string, Uint8Array | string>>): string =>
  writeFiles(join(root, name), files);

describe("CIFAR", () => {
  const two = { "data_batch_1.bin": cifarRecords([3, 0]), "test_batch.bin": cifarRecords([9]) };

  it("opens all batches of a folder, train before test, with the names of its classes", async () => {
    const names = LETTERS.join("\n");
    const set = await openDataset(folder("cifar", { ...two, "batches.meta.txt": `${names}\n\n` }));
    expect(set.info).toMatchObject({
      format: "cifar",
      kind: "image",
      count: 3,
      sampleShape: [32, 32, 3],
      classes: LETTERS,
    });
    expect([...set.labels!]).toEqual([3, 0, 9]);
    expect(set.given).toEqual(["train", "train", "test"]);
    expect(set.name(2)).toBe("test_batch.bin[0]");
  });

  it("turns planes into pixels", async () => {
    const set = await openDataset(folder("cifar-planes", two));
    const sample = await set.read(0);
    if (sample.kind !== "image") throw new Error("not an image");
    const planes = pattern(3072);
    expect([...sample.pixels.subarray(0, 6)]).toEqual([
      planes[0],
      planes[1024],
      planes[2048],
      planes[1],
      planes[1025],
      planes[2049],
    ]);
    expect(set.view!(0)).toEqual(sample);
  });

  it("opens one file; it is no part of anything", async () => {
    const set = await openDataset(join(folder("cifar-file", two), "test_batch.bin"));
    expect(set.info.count).toBe(1);
    expect(set.given).toBeUndefined();
  });

  it("takes the fine label of CIFAR-100", async () => {
    const records = Buffer.concat([Buffer.from([19, 99]), pattern(3072), Buffer.from([0, 41]), pattern(3072)]);
    const set = await openDataset(folder("cifar-100", { "train.bin": records, "test.bin": records }));
    expect([...set.labels!]).toEqual([99, 41, 99, 41]);
    expect(set.info.classes).toHaveLength(100);
  });
});

describe("IDX", () => {
  const pixels = pattern(4 * 2 * 3);

  it("opens pairs of images and labels by name, packed or not", async () => {
    const set = await openDataset(
      folder("idx", {
        "train-images-idx3-ubyte.gz": gzipSync(idx(8, [3, 2, 3], pixels.subarray(0, 18))),
        "train-labels-idx1-ubyte.gz": gzipSync(idx(8, [3], Uint8Array.of(1, 0, 1))),
        "t10k-images.idx3-ubyte": idx(8, [1, 2, 3], pixels.subarray(18)),
        "t10k-labels.idx1-ubyte": idx(8, [1], Uint8Array.of(2)),
        "classes.txt": "T-shirt/top\nTrouser\nBag\n",
      }),
    );
    expect(set.info).toMatchObject({ format: "idx", kind: "image", count: 4, sampleShape: [2, 3, 1] });
    expect(set.info.classes).toEqual(["T-shirt/top", "Trouser", "Bag"]);
    expect([...set.labels!]).toEqual([1, 0, 1, 2]);
    expect(set.given).toEqual(["train", "train", "train", "test"]);
    expect(await set.read(3)).toEqual({
      kind: "image",
      height: 2,
      width: 3,
      channels: 1,
      pixels: expect.anything() as unknown,
    });
    expect([...(set.view!(3) as { pixels: Uint8Array }).pixels]).toEqual([...pixels.subarray(18)]);
  });

  it("has the same fingerprint packed and unpacked", async () => {
    const images = idx(8, [2, 2, 3], pixels.subarray(0, 12));
    const packed = await openDataset(folder("idx-gz", { "a-images-idx3-ubyte.gz": gzipSync(images) }));
    const plain = await openDataset(folder("idx-plain", { "a-images-idx3-ubyte": images }));
    expect(packed.info.fingerprint).toBe(plain.info.fingerprint);
    const changed = Buffer.from(images);
    changed[20] = changed[20]! ^ 1;
    const other = await openDataset(folder("idx-changed", { "a-images-idx3-ubyte": changed }));
    expect(other.info.fingerprint).not.toBe(plain.info.fingerprint);
  });

  it("reads big-endian numbers", async () => {
    const data = Buffer.alloc(16);
    [1.5, -2, 1e9, 0].forEach((value, i) => data.writeFloatBE(value, 4 * i));
    const set = await openDataset(
      join(folder("idx-float", { "x-images-idx2-float": idx(0x0d, [2, 2], data) }), "x-images-idx2-float"),
    );
    const sample = await set.read(1);
    expect(sample).toMatchObject({ kind: "array", array: { type: "float32", dims: [2] } });
    if (sample.kind === "array") expect([...(sample.array.data as Float32Array)]).toEqual([1e9, 0]);
    expect(set.labels).toBeUndefined();
    expect(set.info.classes).toBeUndefined();
  });
});

describe("NPY and NPZ", () => {
  const numbers = Float32Array.from({ length: 12 }, (_, i) => i / 4);

  it("opens an array with the labels beside it", async () => {
    const path = folder("npy", {
      "x.npy": npyArray("<f4", [4, 3], bytesOf(numbers)),
      "y.npy": npyArray("<i8", [4, 1], bytesOf(BigInt64Array.of(0n, 2n, 1n, 2n))),
    });
    const set = await openDataset(join(path, "x.npy"));
    expect(set.info).toMatchObject({
      format: "npy",
      kind: "array",
      count: 4,
      sampleShape: [3],
      classes: ["0", "1", "2"],
    });
    expect([...set.labels!]).toEqual([0, 2, 1, 2]);
    expect(set.view!(2)).toEqual({
      kind: "array",
      array: { type: "float32", dims: [3], data: numbers.subarray(6, 9) },
    });
    expect((await openDataset(path)).info.count).toBe(4);
  });

  it("takes bytes of two or three axes for images, channels first or last", async () => {
    const path = folder("npy-images", {
      "grey.npy": npyArray("|u1", [2, 4, 5], pattern(40)),
      "first.npy": npyArray("|u1", [2, 3, 2, 2], pattern(24)),
      "last.npy": npyArray("|u1", [2, 2, 2, 3], pattern(24)),
      "five.npy": npyArray("|u1", [2, 5, 2, 2], pattern(40)),
    });
    const open = async (name: string): Promise<unknown[]> => {
      const { info, read } = await openDataset(join(path, name));
      const sample = await read(0);
      return [info.kind, info.sampleShape, sample.kind === "image" ? [...sample.pixels].slice(0, 3) : []];
    };
    const p = pattern(24);
    expect(await open("grey.npy")).toEqual(["image", [4, 5, 1], [p[0], p[1], p[2]]]);
    expect(await open("first.npy")).toEqual(["image", [2, 2, 3], [p[0], p[4], p[8]]]);
    expect(await open("last.npy")).toEqual(["image", [2, 2, 3], [p[0], p[1], p[2]]]);
    expect(await open("five.npy")).toEqual(["array", [5, 2, 2], []]);
  });

  it.each([
    [["x_train", "y_train", "x_test", "y_test"]],
    [["train_images", "train_labels", "test_images", "test_labels"]],
    [["X-Train", "Y-Train", "X-Test", "Y-Test"]],
  ])("opens an NPZ archive with %j", async (keys) => {
    const arrays = [
      npyArray("<f4", [3, 2], bytesOf(numbers.subarray(0, 6))),
      npyArray("<i4", [3], bytesOf(Int32Array.of(0, 1, 1))),
      npyArray("<f4", [1, 2], bytesOf(numbers.subarray(6, 8))),
      npyArray("<i4", [1], bytesOf(Int32Array.of(4))),
    ];
    const files = Object.fromEntries(
      keys.map((key, i) => [`${key}.npy`, { content: arrays[i]!, isStored: i % 2 === 0 }]),
    );
    const path = folder(`npz ${keys[0]!}`, { "set.npz": zip(files) });
    const set = await openDataset(join(path, "set.npz"));
    expect(set.info).toMatchObject({ format: "npz", kind: "array", count: 4, sampleShape: [2] });
    expect([...set.labels!]).toEqual([0, 1, 1, 4]);
    expect(set.given).toEqual(["train", "train", "train", "test"]);
    expect(set.name(3)).toBe(`set.npz/${keys[2]!}.npy[0]`);
  });

  it("opens what numpy.savez makes without names", async () => {
    const archive = zip({
      "arr_0.npy": { content: npyArray("<f8", [2], bytesOf(Float64Array.of(0.5, 8))) },
      "arr_1.npy": { content: npyArray("|u1", [2], Uint8Array.of(1, 0)) },
    });
    const set = await openDataset(join(folder("npz-plain", { "a.npz": archive }), "a.npz"));
    expect(set.info.sampleShape).toEqual([]);
    expect([...set.labels!]).toEqual([1, 0]);
  });

  it("reads files above the limit by ranges, with the same samples", async () => {
    const path = join(folder("records", { "r.bin": pattern(1000) }), "r.bin");
    const held = await fileRecords(path, { offset: 10, stride: 90, count: 11 });
    const ranged = await fileRecords(path, { offset: 10, stride: 90, count: 11, heldBytes: 100 });
    expect(held.view).toBeDefined();
    expect(ranged.view).toBeUndefined();
    for (const i of [0, 5, 10]) expect([...(await ranged.read(i))]).toEqual([...(await held.read(i))]);
    await ranged.close();
  });
});

describe("CSV", () => {
  it("finds the column of the class and sorts its names", async () => {
    const path = folder("csv", { "t.csv": 'a,Class,"b, c"\n1,zebra,2.5\n3,ant,-4e1\n\n5,ant,6\n' });
    const set = await openDataset(join(path, "t.csv"));
    expect(set.info).toMatchObject({
      format: "csv",
      kind: "array",
      count: 3,
      sampleShape: [2],
      classes: ["ant", "zebra"],
    });
    expect([...set.labels!]).toEqual([1, 0, 0]);
    expect(set.view!(1)).toMatchObject({ array: { type: "float32", dims: [2], data: Float32Array.of(3, -40) } });
    expect(set.name(1)).toBe("t.csv row 3");
  });

  it("reads semicolons and tabs, and tables without titles", async () => {
    const path = folder("csv-marks", { "semi.csv": "1;2;0\n3;4;1\n", "tab.tsv": "x\ty\n1.5\t2.5\n" });
    const semi = await openDataset(join(path, "semi.csv"));
    expect([semi.info.count, semi.info.sampleShape, [...semi.labels!]]).toEqual([2, [2], [0, 1]]);
    const tab = await openDataset(join(path, "tab.tsv"));
    expect([tab.info.count, tab.info.sampleShape, tab.labels]).toEqual([1, [2], undefined]);
  });

  it("takes a last column of fractions for a feature", async () => {
    const path = join(folder("csv-fractions", { "t.csv": "a,b\n1,2.5\n3,oops\n5,6\n" }), "t.csv");
    const set = await openDataset(path, { unreadable: "skip" });
    expect([set.info.count, set.info.sampleShape, set.labels]).toEqual([2, [2], undefined]);
    expect(set.info.unreadable).toEqual([{ name: "row 3", reason: 'column "b" is "oops", not a number' }]);
  });

  it("takes the columns that it is told", async () => {
    const path = join(folder("csv-told", { "t.csv": "id,kind,v\nq,7,1\nr,3,2\n" }), "t.csv");
    const set = await openDataset(path, { labelColumn: "kind", ignoreColumns: ["0"] });
    expect([set.info.sampleShape, [...set.labels!]]).toEqual([[1], [7, 3]]);
    const none = await openDataset(path, { labelColumn: "", ignoreColumns: ["id"] });
    expect([none.info.sampleShape, none.labels]).toEqual([[2], undefined]);
  });

  it("leaves out rows that are not numbers when told to skip", async () => {
    const path = join(folder("csv-skip", { "t.csv": "a,b,label\n1,2,x\n?,3,y\n4,5,y\n" }), "t.csv");
    const set = await openDataset(path, { unreadable: "skip" });
    expect(set.info).toMatchObject({
      count: 2,
      unreadableCount: 1,
      unreadable: [{ name: "row 3", reason: 'column "a" is "?", not a number' }],
    });
    expect([...set.labels!]).toEqual([0, 1]);
    expect(set.name(1)).toBe("t.csv row 4");
  });
});
