import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { openPlaces, type Places } from "../../core/serve/places.ts";
import { temporaryFolder } from "./fixtures.ts";

let folder: string;
let places: Places;

beforeAll(() => {
  folder = temporaryFolder();
  mkdirSync(join(folder, "root", "sub"), { recursive: true });
  mkdirSync(join(folder, "root", "made"));
  writeFileSync(join(folder, "root", "made", "project.sqlite"), "");
  writeFileSync(join(folder, "root", "net.onnx"), "12345");
  writeFileSync(join(folder, "root", "table.csv"), "");
  writeFileSync(join(folder, "root", ".hidden"), "");
  writeFileSync(join(folder, "secret"), "");
  symlinkSync(folder, join(folder, "root", "out"));
  symlinkSync(join(folder, "root", "sub"), join(folder, "root", "within"));
  places = openPlaces({ Data: join(folder, "root") });
});

const at = (path: string): { root: string; path: string } => ({ root: "root-0", path });

describe("what a page may name", () => {
  it("is the root itself and what lies below it, also by a link that stays inside", async () => {
    expect(await places.resolve(at(""))).toBe(join(folder, "root"));
    expect(await places.resolve(at("sub"))).toBe(join(folder, "root", "sub"));
    expect(await places.resolve(at("within"))).toBe(join(folder, "root", "sub"));
    expect(await places.resolve(at("sub/../net.onnx"))).toBe(join(folder, "root", "net.onnx"));
  });

  it.each(["..", "../secret", "sub/../../secret", "out", "out/secret", "/etc/passwd", "sub\\..\\..", "a\0b"])(
    "is nothing outside of it: %j",
    async (path) => {
      await expect(places.resolve(at(path))).rejects.toMatchObject({
        code: "invalid-argument",
        message: `"${path}" lies outside of the folders that Lathe may use.`,
        hint: "Start the server with --root DIR to add a folder.",
      });
    },
  );

  it("is not what nobody has granted", async () => {
    await expect(places.resolve({ root: "root-7", path: "" })).rejects.toMatchObject({
      code: "not-found",
      message: 'There is no folder "root-7" here any more.',
    });
  });

  it("is what a person has chosen, and nothing beside it", async () => {
    const granted = places.grant(join(folder, "secret"));
    expect(await places.resolve(granted)).toBe(join(folder, "secret"));
    await expect(places.resolve({ ...granted, path: "../root" })).rejects.toMatchObject({ code: "invalid-argument" });
    expect(places.roots().map((r) => r.label)).toEqual(["Data"]);
  });
});

describe("a folder's list", () => {
  it("tells folders first and what each can be brought in as", async () => {
    const view = await places.list(at(""));
    expect(view.label).toBe(join(folder, "root"));
    expect(view.parent).toBeUndefined();
    expect(view.entries.map((e) => [e.name, e.isFolder, e.use, e.size])).toEqual([
      ["made", true, "project", 0],
      ["out", true, "folder", 0],
      ["sub", true, "folder", 0],
      ["within", true, "folder", 0],
      ["net.onnx", false, "model", 5],
      ["table.csv", false, "data", 0],
    ]);
  });

  it("knows the way back", async () => {
    const view = await places.list(at("sub"));
    expect(view.parent).toEqual(at(""));
    expect(view.entries).toEqual([]);
  });

  it("fails where there is no folder", async () => {
    await expect(places.list(at("gone"))).rejects.toMatchObject({ code: "not-found" });
    await expect(places.list(at("net.onnx"))).rejects.toMatchObject({ code: "not-found" });
  });
});
