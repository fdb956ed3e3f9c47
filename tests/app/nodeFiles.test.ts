import { readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { temporaryFolder } from "./fixtures.ts";

const { files } = nodeHost;

test("a file is there only once it is committed, under its name or another", async () => {
  const folder = temporaryFolder();
  const writer = await files.create(join(folder, "a"));
  await writer.write(Uint8Array.of(1, 2));
  expect(await files.info(join(folder, "a"))).toBeUndefined();
  await writer.commit(join(folder, "b"));
  await writer.discard();
  expect(readdirSync(folder)).toEqual(["b"]);
  expect([...(await files.read(join(folder, "b")))]).toEqual([1, 2]);
});

test("what is discarded leaves nothing", async () => {
  const folder = temporaryFolder();
  const writer = await files.create(join(folder, "a"));
  await writer.write(Uint8Array.of(1));
  await writer.discard();
  await writer.discard();
  expect(readdirSync(folder)).toEqual([]);
});

test("reads ranges, shorter only at the end", async () => {
  const path = join(temporaryFolder(), "a");
  writeFileSync(path, Uint8Array.of(0, 1, 2, 3, 4));
  const file = await files.open(path);
  expect(file.size).toBe(5);
  expect([...(await file.read(1, 2))]).toEqual([1, 2]);
  expect([...(await file.read(3, 10))]).toEqual([3, 4]);
  expect([...(await file.read(9, 1))]).toEqual([]);
  await file.close();
});

test("tells files, folders, links and nothing apart", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "file"), "x");
  symlinkSync("file", join(folder, "link"));
  const kinds = await Promise.all(
    ["", "file", "link", "none", "file/below"].map((name) => files.info(join(folder, name))),
  );
  expect(kinds.map((k) => k?.kind)).toEqual(["directory", "file", "link", undefined, undefined]);
  expect(await files.real(join(folder, "link"))).toBe(await files.real(join(folder, "file")));
  expect(await files.list(folder)).toEqual(["file", "link"]);
});

test.each([
  ["none", "not-found", "Opening \"NAME\": ENOENT: no such file or directory, open 'NAME'"],
  [".", "invalid-argument", '"NAME" is a folder.'],
  ["file/below", "not-found", "Opening \"NAME\": ENOTDIR: not a directory, open 'NAME'"],
])("opening %s fails as %s", async (name, code, message) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "file"), "x");
  const path = join(folder, name);
  await expect(files.open(path)).rejects.toMatchObject({ code, message: message.replaceAll("NAME", path) });
});

test("makes folders with those on the way, and gives up where the system refuses", async () => {
  const folder = temporaryFolder();
  await files.makeFolder(join(folder, "a", "b", "c"));
  await files.makeFolder(join(folder, "a", "b", "c"));
  expect((await files.info(join(folder, "a", "b", "c")))?.kind).toBe("directory");
  writeFileSync(join(folder, "file"), "x");
  await expect(files.makeFolder(join(folder, "file"))).rejects.toMatchObject({ code: "already-exists" });
  await expect(files.makeFolder(join(folder, "file", "below"))).rejects.toMatchObject({ code: "not-found" });
});

test.skipIf(process.platform !== "linux")("does not hang on a file system that takes no folders", async () => {
  await expect(files.makeFolder("/proc/none/below")).rejects.toMatchObject({ code: "not-found" });
});
