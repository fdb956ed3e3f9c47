import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { openDataset, type OpenOptions } from "../../core/data/open.ts";
import {
  bytesOf,
  cifarRecords,
  failureOf,
  idx,
  npy,
  npyArray,
  pattern,
  temporaryFolder,
  writeFiles,
  zip,
  type Failure,
} from "./fixtures.ts";

const root = temporaryFolder();
let made = 0;

/** What opening `name` says, in a folder of its own with these files; paths are cut down to what follows it. */
async function refusal(
  files: Readonly<Record<string, Uint8Array | string>>,
  name = "",
  options: OpenOptions = {},
): Promise<Failure> {
  const folder = writeFiles(join(root, String(made++)), files);
  const failure = await failureOf(openDataset(name === "" ? folder : join(folder, name), options));
  return { ...failure, message: failure.message.replaceAll(folder, "DIR") };
}

describe("what is no data set", () => {
  it("names a path that is not there", async () => {
    expect(await failureOf(openDataset("/nowhere/at/all"))).toMatchObject({
      code: "not-found",
      message: 'There is no data set at "/nowhere/at/all".',
    });
  });

  it("refuses files of unknown kinds", async () => {
    const failure = await refusal({ "a.doc": "x" }, "a.doc");
    expect(failure).toEqual({
      code: "unsupported",
      message: '"DIR/a.doc" is no data set that is known by its name.',
      hint: "Known are folders of images, CIFAR (.bin), IDX (…-images-idx3-ubyte), .npy, .npz and .csv.",
    });
  });

  it("refuses folders without images", async () => {
    expect(await refusal({ "a.txt": "x" })).toMatchObject({ code: "invalid-data", message: '"DIR" holds no images.' });
  });
});

describe("damaged CIFAR", () => {
  it("refuses a file that is cut off", async () => {
    const failure = await refusal({ "test_batch.bin": cifarRecords([1, 2]).subarray(0, 5000) });
    expect(failure).toEqual({
      code: "invalid-data",
      message:
        '"test_batch.bin" has "5000" bytes, which is no whole number of CIFAR-10 (3073 bytes) or CIFAR-100 images (3074 bytes).',
      hint: "The file is cut off or no CIFAR file; fetch it again.",
    });
  });

  it("refuses an empty file", async () => {
    expect((await refusal({ "test_batch.bin": "" })).message).toMatch(/^"test_batch.bin" has "0" bytes/);
  });

  it("refuses labels that CIFAR does not have", async () => {
    expect((await refusal({ "a_batch.bin": cifarRecords([1, 10]) })).message).toBe(
      'Image 1 of "a_batch.bin" has label "10"; CIFAR-10 has labels 0 to 9.',
    );
  });

  it("refuses fewer names than labels", async () => {
    const failure = await refusal({ "a_batch.bin": cifarRecords([1, 4]), "batches.meta.txt": "a\nb\nc\n" });
    expect(failure.message).toBe('Sample 1 has label "4"; "batches.meta.txt" names only 3 classes, from 0.');
    expect(failure.hint).toBe('Correct "batches.meta.txt", one class per line.');
  });
});

describe("damaged IDX", () => {
  const images = idx(8, [2, 2, 2], pattern(8));
  const name = "train-images-idx3-ubyte";

  it("refuses a wrong magic number", async () => {
    expect(await refusal({ [name]: Buffer.from("not an idx file at all") })).toEqual({
      code: "invalid-data",
      message: `"${name}" is not an IDX file: it starts with "6e 6f 74 20".`,
      hint: "IDX files start with 00 00, a type from 08 to 0e and a number of dimensions.",
    });
  });

  it("refuses files that are shorter or longer than they say", async () => {
    expect((await refusal({ [name]: images.subarray(0, 20) })).message).toBe(
      `"${name}" should have 24 bytes by its header and has "20".`,
    );
    expect((await refusal({ [name]: Buffer.concat([images, images]) })).message).toBe(
      `"${name}" should have 24 bytes by its header and has "48".`,
    );
    expect((await refusal({ [`${name}.gz`]: gzipSync(images.subarray(0, 20)) })).message).toBe(
      `"${name}.gz" should have 24 bytes by its header and has "20".`,
    );
  });

  it("stops unpacking where the header's size is exceeded", async () => {
    const bomb = gzipSync(idx(8, [2, 2, 2], new Uint8Array(1 << 24)), { level: 9 });
    expect(bomb.length).toBeLessThan(20_000);
    expect((await refusal({ [`${name}.gz`]: bomb })).message).toBe(
      `"${name}.gz" should have 24 bytes by its header and has "more".`,
    );
  });

  it("refuses headers that ask for more memory than allowed, before unpacking", async () => {
    const bomb = gzipSync(idx(8, [1 << 20, 1 << 6, 1 << 6], new Uint8Array(1 << 16)));
    expect(await refusal({ [`${name}.gz`]: bomb })).toMatchObject({
      code: "limit-exceeded",
      message: `"${name}.gz" unpacks to "4294967312" bytes, more than 1073741824.`,
    });
    const absurd = idx(8, [0xffffffff, 0xffffffff, 0xffffffff], pattern(8));
    expect((await refusal({ [name]: absurd })).message).toBe(
      `"${name}" says that its shape is "[4294967295,4294967295,4294967295]".`,
    );
  });

  it("refuses a damaged gzip file", async () => {
    const packed = gzipSync(idx(8, [100, 8, 8], pattern(6400)));
    packed.fill(0x55, 40, 400);
    expect((await refusal({ [`${name}.gz`]: packed })).message).toMatch(
      new RegExp(`^"${name}.gz" is damaged: gzip says ".+"\\.$`),
    );
    expect((await refusal({ [`${name}.gz`]: "plain" })).message).toBe(
      `"${name}.gz" is damaged: gzip says "incorrect header check".`,
    );
  });

  it("refuses labels that do not match the images", async () => {
    const failure = await refusal({ [name]: images, "train-labels-idx1-ubyte": idx(8, [3], Uint8Array.of(0, 1, 0)) });
    expect(failure).toEqual({
      code: "invalid-data",
      message: `"train-labels-idx1-ubyte" has "3" labels for the 2 images of "${name}".`,
      hint: "Use the label file that belongs to these images.",
    });
  });

  it("refuses one labelled and one unlabelled part", async () => {
    const failure = await refusal({
      [name]: images,
      "train-labels-idx1-ubyte": idx(8, [2], Uint8Array.of(0, 1)),
      "t10k-images-idx3-ubyte": images,
    });
    expect(failure.message).toBe('"t10k-images-idx3-ubyte" has no labels; other parts of "DIR" have.');
  });

  it("refuses several data sets in one folder", async () => {
    const failure = await refusal({
      "digits-train-images-idx3-ubyte": images,
      "letters-train-images-idx3-ubyte": images,
    });
    expect(failure.message).toBe('The folder holds more than one data set: "digits-train" and "letters-train".');
  });

  it("refuses parts of different shapes", async () => {
    const failure = await refusal({ [name]: images, "t10k-images-idx3-ubyte": idx(8, [2, 4, 2], pattern(16)) });
    expect(failure.message).toBe(`"t10k-images-idx3-ubyte" holds "uint8[4,2]"; "${name}" holds uint8[2,2].`);
  });
});

describe("hostile NPY", () => {
  const good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  const cases: readonly [string, Uint8Array, string, string][] = [
    [
      "a pickle",
      npy("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }", pattern(16)),
      "unsupported",
      '"x.npy" holds elements of type "|O"; only plain numbers are read.',
    ],
    [
      "a structure",
      npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", pattern(8)),
      "unsupported",
      '"x.npy" holds elements of type "structure"; only plain numbers are read.',
    ],
    [
      "Fortran order",
      npy(good.replace("False", "True"), pattern(24)),
      "unsupported",
      '"x.npy" is stored in Fortran order.',
    ],
    [
      "too few bytes",
      npy(good, pattern(20)),
      "invalid-data",
      '"x.npy" says that its shape is [2,3], which takes 24 bytes, and has "20".',
    ],
    [
      "a shape beyond numbers",
      npy(good.replace("(2, 3)", "(99999999999, 99999999999)"), pattern(24)),
      "invalid-data",
      '"x.npy" says that its shape is [99999999999,99999999999], which takes 3.99999999992e+22 bytes, and has "24".',
    ],
    [
      "a scalar",
      npy(good.replace("(2, 3)", "()"), pattern(4)),
      "invalid-data",
      '"x.npy" has shape "[]"; the first axis counts samples, and none may be empty.',
    ],
    [
      "an empty axis",
      npy(good.replace("(2, 3)", "(2, 0)"), pattern(0)),
      "invalid-data",
      '"x.npy" has shape "[2,0]"; the first axis counts samples, and none may be empty.',
    ],
    [
      "code in the header",
      npy("__import__('os').system('true')", pattern(4)),
      "invalid-data",
      `"x.npy" has the header "__import__('os').system('true')", which NumPy does not write.`,
    ],
    [
      "an unknown version",
      npy(good, pattern(24), 9),
      "invalid-data",
      '"x.npy" has NPY version "9"; versions 1 to 3 are known.',
    ],
    [
      "another format",
      Buffer.from("GIF89a…"),
      "invalid-data",
      '"x.npy" is not an NPY file: it starts with "47 49 46 38 39 61".',
    ],
  ];

  it.each(cases)("refuses %s", async (...[, file, code, message]) => {
    expect(await refusal({ "x.npy": file }, "x.npy")).toMatchObject({ code, message });
  });

  it("refuses a header of gigabytes", async () => {
    const file = npy(good, pattern(24), 2);
    file.writeUInt32LE(0xfffffff0, 8);
    expect(await refusal({ "x.npy": file }, "x.npy")).toMatchObject({
      code: "limit-exceeded",
      message: '"x.npy" says that its header has "4294967280" bytes, more than 65536.',
    });
    const cut = npy(good, pattern(0));
    expect((await refusal({ "x.npy": cut.subarray(0, 30) }, "x.npy")).message).toBe(
      '"x.npy" is cut off in its header.',
    );
  });

  it("refuses labels that do not match or are no labels", async () => {
    const x = npyArray("<f4", [2, 3], pattern(24));
    expect((await refusal({ "x.npy": x, "y.npy": npyArray("|u1", [3], pattern(3)) })).message).toBe(
      '"y.npy" has "3" labels for the 2 samples of "x.npy".',
    );
    expect(
      (await refusal({ "x.npy": x, "y.npy": npyArray("<f4", [2], bytesOf(Float32Array.of(0.5, 1))) })).message,
    ).toBe('"y.npy" holds "float32[2]"; labels are one whole number per sample.');
    expect((await refusal({ "x.npy": x, "y.npy": npyArray("|i1", [2], Uint8Array.of(255, 0)) })).message).toBe(
      'Sample 0 has label "-1"; labels are whole numbers from 0 to 1048575.',
    );
  });

  it("refuses labels that would need a million names", async () => {
    const files = {
      "x.npy": npyArray("<f4", [1, 1], pattern(4)),
      "y.npy": npyArray("<i4", [1], bytesOf(Int32Array.of(0x7fffffff))),
    };
    expect((await refusal(files)).message).toBe(
      'Sample 0 has label "2147483647"; labels are whole numbers from 0 to 1048575.',
    );
  });
});

describe("hostile NPZ", () => {
  const array = npyArray("<f4", [2, 3], pattern(24));
  const refused = async (archive: Uint8Array): Promise<Failure> => refusal({ "a.npz": archive }, "a.npz");
  const damage = (why: string): string => `"a.npz/x.npy" is a damaged ZIP archive: "${why}".`;

  it("refuses entries that unpack to more or less than they state", async () => {
    const long = await refused(zip({ "x.npy": { content: array, statedSize: 50 } }));
    expect(long).toMatchObject({
      code: "invalid-data",
      message: damage("it unpacks to more than the 50 bytes that it states"),
    });
    const short = await refused(zip({ "x.npy": { content: array, statedSize: 5000 } }));
    expect(short.message).toBe(damage(`it unpacks to ${array.length} bytes instead of 5000`));
  });

  it("refuses a bomb by what it states and by what it does", async () => {
    const zeros = new Uint8Array(1 << 22);
    expect(await refused(zip({ "x.npy": { content: zeros, statedSize: 0xf0000000 } }))).toMatchObject({
      code: "limit-exceeded",
      message: '"a.npz/x.npy" unpacks to "4026531840" bytes, more than 1073741824.',
    });
    expect((await refused(zip({ "x.npy": { content: zeros, statedSize: 100 } }))).message).toBe(
      damage("it unpacks to more than the 100 bytes that it states"),
    );
  });

  it("checks the checksum", async () => {
    expect((await refused(zip({ "x.npy": { content: array, isStored: true, crc: 1 } }))).message).toBe(
      damage("its checksum does not fit"),
    );
  });

  it("refuses encryption and other ways of packing", async () => {
    expect((await refused(zip({ "x.npy": { content: array, flags: 1 } }))).message).toBe(
      '"a.npz/x.npy" is "encrypted"; only stored and deflated entries are read.',
    );
    expect((await refused(zip({ "x.npy": { content: array, method: 14 } }))).message).toBe(
      '"a.npz/x.npy" is "packed with method 14"; only stored and deflated entries are read.',
    );
  });

  it("refuses what is cut off or no archive", async () => {
    const archive = zip({ "x.npy": { content: array } });
    expect((await refused(archive.subarray(0, 60))).message).toBe(
      '"a.npz" is a damaged ZIP archive: "it has no directory".',
    );
    expect((await refused(archive.subarray(40))).message).toMatch(
      /^"a\.npz" is a damaged ZIP archive: "its directory /,
    );
    const lost = Buffer.from(archive);
    lost.writeUInt32LE(3, archive.length - 22 - 46 - 5 + 42);
    expect((await refused(lost)).message).toBe(damage("its entry is not where the directory says"));
    const countless = Buffer.from(archive);
    countless.writeUInt16LE(60_000, archive.length - 12);
    expect(await refused(countless)).toMatchObject({
      code: "limit-exceeded",
      message: '"a.npz" has "60000" entries, more than 10000.',
    });
  });

  it("says what it found where no array is known to be the input", async () => {
    const failure = await refused(zip({ "foo.npy": { content: array }, "bar.npy": { content: array } }));
    expect(failure.message).toBe('"DIR/a.npz" has no array that is known to be the input; it has "foo, bar".');
    expect((await refused(zip({ "readme.txt": { content: array } }))).code).toBe("invalid-data");
  });
});

describe("bad CSV", () => {
  it("names the cell that is not a number", async () => {
    const failure = await refusal({ "t.csv": "a,b,label\n1,2,x\n1,?,x\n2,,x\n" }, "t.csv");
    expect(failure).toEqual({
      code: "invalid-data",
      message: '"t.csv" has "2" rows of 3 that cannot be read; row 3: column "b" is "?", not a number.',
      hint: 'Leave such columns out with ignoreColumns, or such rows with unreadable "skip".',
    });
  });

  it("refuses tables of which nothing can be read, even when told to skip", async () => {
    const failure = await refusal({ "t.csv": "a,label\nfoo,1\n" }, "t.csv", { unreadable: "skip" });
    expect(failure.message).toBe(
      '"t.csv" has "1" rows of 1 that cannot be read; row 2: column "a" is "foo", not a number.',
    );
  });

  it("refuses rows of different lengths and empty files", async () => {
    expect((await refusal({ "t.csv": "a,b\n1,2\n3\n" }, "t.csv")).message).toBe(
      '"t.csv" is not a table: "Invalid Record Length: expect 2, got 1 on line 3".',
    );
    expect((await refusal({ "t.csv": "" }, "t.csv")).message).toBe('"t.csv" has no rows.');
    expect((await refusal({ "t.csv": "a,b,label\n" }, "t.csv")).message).toBe('"DIR/t.csv" holds no samples.');
  });

  it("refuses columns that are not there", async () => {
    const failure = await refusal({ "t.csv": "a,b\n1,2\n" }, "t.csv", { labelColumn: "kind" });
    expect(failure).toEqual({
      code: "invalid-argument",
      message: '"t.csv" has no column "kind".',
      hint: "It has a, b.",
    });
  });

  it("refuses classes that classes.txt does not name", async () => {
    const failure = await refusal({ "t.csv": "a,label\n1,dog\n2,cat\n", "classes.txt": "cat\n" }, "t.csv");
    expect(failure.message).toBe('The class "dog" is not in "classes.txt".');
  });
});
