import { symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import type { OpenOptions } from "../../core/data/open.ts";
import { openDataset } from "../../core/data/open.ts";
import { failureOf, pattern, temporaryFolder, writeFiles } from "./fixtures.ts";

const root = temporaryFolder();
const png = async (seed: number, channels: 1 | 3 = 3, size = 4): Promise<Buffer> => {
  const pixels = pattern(size * size * channels + seed).subarray(seed);
  const image = sharp(pixels, { raw: { width: size, height: size, channels } });
  return (channels === 1 ? image.toColourspace("b-w") : image).png().toBuffer();
};
const [one, two, three, grey, large] = await Promise.all([png(1), png(2), png(3), png(4, 1), png(5, 3, 6)]);

const refusal = async (path: string, options?: OpenOptions): Promise<string> => {
  const { code, message } = await failureOf(openDataset(path, options));
  return `${code}: ${message.replaceAll(path, "DIR")}`;
};

describe("image folders", () => {
  it("takes folders for classes, sorted by name", async () => {
    const path = writeFiles(join(root, "classes"), {
      "dog/b.png": one,
      "dog/deep/a.PNG": two,
      "cat/z.png": three,
      ".hidden/x.png": one,
      LICENSE: "text",
    });
    const { info, labels, given, name, file } = await openDataset(path);
    expect(info).toMatchObject({
      format: "image-folder",
      kind: "image",
      count: 3,
      classes: ["cat", "dog"],
      sampleShape: [4, 4, 3],
    });
    expect([...labels!]).toEqual([0, 1, 1]);
    expect([0, 1, 2].map(name)).toEqual(["cat/z.png", "dog/b.png", "dog/deep/a.PNG"]);
    expect(file(0)).toBe(join(path, "cat/z.png"));
    expect(given).toBeUndefined();
  });

  it("takes train, val and test for parts", async () => {
    const path = writeFiles(join(root, "parts"), {
      "test/a/1.png": one,
      "val/a/1.png": two,
      "train/b/1.png": three,
      "train/a/2.png": one,
    });
    const { info, labels, given } = await openDataset(path);
    expect(info.classes).toEqual(["a", "b"]);
    expect(given).toEqual(["train", "train", "validation", "test"]);
    expect([...labels!]).toEqual([0, 1, 0, 0]);
  });

  it("has no labels for a flat folder without a table", async () => {
    const { info, labels } = await openDataset(writeFiles(join(root, "flat"), { "1.png": one, "2.png": two }));
    expect([info.count, info.classes, labels]).toEqual([2, undefined, undefined]);
  });

  it("takes the labels of a flat folder from labels.csv", async () => {
    const table = "filename,label,split\n2.png,dog,test\n1.png,cat,train\n";
    const { info, labels, given } = await openDataset(
      writeFiles(join(root, "table"), { "1.png": one, "2.png": two, "labels.csv": table }),
    );
    expect(info.classes).toEqual(["cat", "dog"]);
    expect([...labels!]).toEqual([0, 1]);
    expect(given).toEqual(["train", "test"]);
  });

  it("lets classes.txt order the folders, or name numbered ones", async () => {
    const ordered = await openDataset(
      writeFiles(join(root, "ordered"), { "a/1.png": one, "b/1.png": two, "classes.txt": "b\na\nc\n" }),
    );
    expect([ordered.info.classes, [...ordered.labels!]]).toEqual([
      ["b", "a", "c"],
      [1, 0],
    ]);
    const numbered = await openDataset(
      writeFiles(join(root, "numbered"), { "0/1.png": one, "1/1.png": two, "classes.txt": "shirt\nbag\n" }),
    );
    expect([numbered.info.classes, [...numbered.labels!]]).toEqual([
      ["shirt", "bag"],
      [0, 1],
    ]);
  });

  it("says a common size only where there is one", async () => {
    const mixed = await openDataset(writeFiles(join(root, "mixed"), { "a/1.png": one, "a/2.png": large }));
    expect(mixed.info.sampleShape).toBeUndefined();
    const channels = await openDataset(writeFiles(join(root, "channels"), { "a/1.png": one, "a/2.png": grey }));
    expect(channels.info.sampleShape).toEqual([4, 4, 3]);
  });

  it("has a fingerprint of names, labels and content", async () => {
    const print = async (name: string, files: Readonly<Record<string, Buffer>>): Promise<string> =>
      (await openDataset(writeFiles(join(root, name), files))).info.fingerprint;
    const base = await print("print-0", { "a/1.png": one, "b/1.png": two });
    expect(await print("print-1", { "a/1.png": one, "b/1.png": two })).toBe(base);
    expect(await print("print-2", { "a/1.png": one, "b/1.png": three })).not.toBe(base);
    expect(await print("print-3", { "a/1.png": one, "b/2.png": two })).not.toBe(base);
    expect(await print("print-4", { "a/1.png": one, "c/1.png": two })).not.toBe(base);
  });

  it("checks unchanged files only once", async () => {
    const path = writeFiles(join(root, "index"), { "a/1.png": one, "a/2.png": two });
    const { index, info } = await openDataset(path);
    const known = { ...index!, "a/1.png": { ...index!["a/1.png"]!, sha256: "believed" } };
    const again = await openDataset(path, { index: known });
    expect(again.index!["a/1.png"]!.sha256).toBe("believed");
    utimesSync(join(path, "a/1.png"), 1, 1);
    const checked = await openDataset(path, { index: known });
    expect(checked.index!["a/1.png"]!.sha256).toBe(index!["a/1.png"]!.sha256);
    expect(checked.info.fingerprint).toBe(info.fingerprint);
  });

  it("finds the same with threads, and reports progress", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 80 }, (_, i) => [`c${i % 3}/${i}.png`, i % 7 === 0 ? Buffer.from("bad") : one]),
    );
    const path = writeFiles(join(root, "threads"), files);
    const seen: number[] = [];
    const threaded = await openDataset(path, { unreadable: "skip", workers: 2, progress: (done) => seen.push(done) });
    const single = await openDataset(path, { unreadable: "skip", workers: 0 });
    expect(threaded.info).toEqual(single.info);
    expect(threaded.info.unreadableCount).toBe(12);
    expect(seen.at(-1)).toBe(80);
  });

  it("follows links to folders, but not in circles", async () => {
    const path = writeFiles(join(root, "links"), { "a/1.png": one });
    writeFiles(join(root, "elsewhere"), { "1.png": two });
    symlinkSync(join(root, "elsewhere"), join(path, "b"));
    symlinkSync(path, join(path, "a", "loop"));
    expect((await openDataset(path)).info).toMatchObject({ count: 2, classes: ["a", "b"] });
  });
});

describe("bad image folders", () => {
  const broken = { "a/1.png": one, "a/2.png": Buffer.from("oops"), "b/3.png": two, "b/4.jpg": "" };

  it("stops at unreadable images, counting and naming them", async () => {
    const path = writeFiles(join(root, "stop"), broken);
    const error = await failureOf(openDataset(path));
    expect({ ...error, message: error.message.replaceAll(path, "DIR") }).toEqual({
      code: "invalid-data",
      message:
        '"DIR" has "2" unreadable images of 4; a/2.png: It starts with "6f 6f 70 73", which no known image does.',
      hint: 'Repair or remove them, or leave them out with unreadable "skip".',
    });
  });

  it("leaves unreadable images out when told to skip, counting and naming them", async () => {
    const { info, labels } = await openDataset(writeFiles(join(root, "skip"), broken), { unreadable: "skip" });
    expect([info.count, [...labels!], info.unreadableCount]).toEqual([2, [0, 1], 2]);
    expect(info.unreadable).toEqual([
      { name: "a/2.png", reason: 'It starts with "6f 6f 70 73", which no known image does.' },
      { name: "b/4.jpg", reason: "The file is empty." },
    ]);
  });

  it("does not open where nothing can be read", async () => {
    const path = writeFiles(join(root, "nothing"), { "a/1.png": "x" });
    expect(await refusal(path, { unreadable: "skip" })).toMatch(
      /^invalid-data: "DIR" has "1" unreadable images of 1; a\/1.png: /,
    );
  });

  it("counts a link that leads nowhere", async () => {
    const path = writeFiles(join(root, "dangling"), { "a/1.png": one });
    symlinkSync(join(root, "gone.png"), join(path, "a/2.png"));
    const { info } = await openDataset(path, { unreadable: "skip" });
    expect([info.count, info.unreadable[0]?.name]).toEqual([1, "a/2.png"]);
  });

  it("refuses tables that do not match the images", async () => {
    const path = writeFiles(join(root, "mismatch"), {
      "1.png": one,
      "2.png": two,
      "labels.csv": "file,label\n1.png,0\n",
    });
    expect(await refusal(path)).toBe('invalid-data: "labels.csv" has labels for "1" images and the folder holds 2.');
    writeFileSync(join(path, "labels.csv"), "file,label\n1.png,0\n3.png,1\n");
    expect(await refusal(path)).toBe('invalid-data: "labels.csv" has no label for the image "2.png".');
    writeFileSync(join(path, "labels.csv"), "a,b\n1.png,0\n3.png,1\n");
    expect(await refusal(path)).toBe('invalid-data: "labels.csv" has the columns "a, b" and none titled file.');
    writeFileSync(join(path, "labels.csv"), 'file,label\n1.png,"0\n');
    expect(await refusal(path)).toMatch(/^invalid-data: "labels.csv" is not a table: "Quote Not Closed/);
  });

  it("refuses images between class folders, and folders that classes.txt does not name", async () => {
    const loose = writeFiles(join(root, "loose"), { "a/1.png": one, "2.png": two });
    expect(await refusal(loose)).toBe('invalid-data: Image "2.png" stands outside of the class folders of "DIR".');
    const unnamed = writeFiles(join(root, "unnamed"), { "a/1.png": one, "classes.txt": "b\n" });
    expect(await refusal(unnamed)).toBe('invalid-data: The class folder "a" is not in "classes.txt".');
  });

  it("names an image that is damaged after it was checked", async () => {
    const path = writeFiles(join(root, "later"), { "a/1.png": one });
    const { read } = await openDataset(path);
    writeFileSync(join(path, "a/1.png"), "gone");
    expect((await failureOf(read(0))).message).toBe(
      'Image "a/1.png" cannot be read: It starts with "67 6f 6e 65", which no known image does.',
    );
  });

  it("stops when cancelled", async () => {
    const path = writeFiles(join(root, "cancelled"), { "a/1.png": one });
    expect(await refusal(path, { signal: AbortSignal.abort() })).toBe("cancelled: Cancelled.");
    const files = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`a/${i}.png`, large]));
    const many = writeFiles(join(root, "cancelled-many"), files);
    const control = new AbortController();
    expect(await refusal(many, { workers: 1, signal: control.signal, progress: () => control.abort() })).toBe(
      "cancelled: Cancelled.",
    );
  });
});
