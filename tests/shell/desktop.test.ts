import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { MenuItemConstructorOptions } from "electron";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OPENER } from "../../core/app/project.ts";
import { COMMANDS, type CommandInfo } from "../../core/contract/commands.ts";
import { menuTemplate } from "../../main/menu.ts";
import { openedPath } from "../../main/opened.ts";

const root = resolve(import.meta.dirname, "../..");

interface Packaging {
  readonly electronFuses: Readonly<Record<string, boolean>>;
  readonly fileAssociations: readonly { readonly ext: string; readonly rank?: string }[];
}

describe("packaging", () => {
  const config = createRequire(import.meta.url)(join(root, "electron-builder.config.cjs")) as Packaging;

  it("blows every fuse that would let somebody run other code as Lathe", () => {
    expect(config.electronFuses).toEqual({
      runAsNode: false,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      grantFileProtocolExtraPrivileges: false,
      enableCookieEncryption: true,
    });
  });

  it("owns its own kind of file and offers itself for models", () => {
    expect(config.fileAssociations.map((f) => f.ext)).toEqual(["lathe", "onnx"]);
    expect(config.fileAssociations[1]?.rank).toBe("Alternate");
  });
});

describe("menu", () => {
  const asked: string[] = [];
  const items = menuTemplate((id) => asked.push(id)).flatMap((m) => m.submenu as MenuItemConstructorOptions[]);

  it("has every command of the registry once, and calls it by its id", () => {
    const own = items.filter((i) => i.id !== undefined);
    expect(own.map((i) => i.id).toSorted()).toEqual(COMMANDS.map((c) => c.id).toSorted());
    own.find((i) => i.id === "project.open")?.click?.({} as never, undefined, {});
    expect(asked).toEqual(["project.open"]);
  });

  it("shows the desktop's own keys, and those that somebody has chosen", () => {
    const keysOf = (id: string, chosen = {}): unknown =>
      menuTemplate(() => undefined, chosen)
        .flatMap((m) => m.submenu as MenuItemConstructorOptions[])
        .find((i) => i.id === id)?.accelerator;
    expect(keysOf("tab.reopen")).toBe("CommandOrControl+Shift+T");
    expect(keysOf("palette", { palette: "Mod+P" })).toBe("CommandOrControl+P");
    expect(keysOf("palette", { palette: "" })).toBeUndefined();
  });

  it("shows the keys and leaves the hearing to the page", () => {
    const palette = items.find((i) => i.id === "palette");
    expect(palette?.accelerator).toBe("CommandOrControl+K");
    expect(items.filter((i) => i.accelerator !== undefined).every((i) => i.registerAccelerator === false)).toBe(true);
  });
});

describe("command registry", () => {
  it("gives no keys to two commands", () => {
    for (const own of [(c: CommandInfo) => c.keys, (c: CommandInfo) => c.desktopKeys ?? c.keys]) {
      const keys = COMMANDS.flatMap((c) => own(c) ?? []);
      expect(new Set(keys).size).toBe(keys.length);
    }
  });

  it("is frozen and names each command once", () => {
    expect(Object.isFrozen(COMMANDS)).toBe(true);
    expect(new Set(COMMANDS.map((c) => c.id)).size).toBe(COMMANDS.length);
  });
});

describe("what Lathe is opened with", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lathe-opened-"));
    await mkdir(join(folder, "project"));
    await writeFile(join(folder, "project", OPENER), "");
    await writeFile(join(folder, "net.onnx"), "");
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each([
    ["a project's folder", ["project"], "project"],
    ["the file in it", [`project/${OPENER}`], "project"],
    ["a model", ["--flag", "net.onnx"], "net.onnx"],
    ["what is not there", ["gone.onnx"], undefined],
    ["nothing", [], undefined],
  ])("is found for %s", (_what, argv, expected) => {
    expect(openedPath(argv, folder)).toBe(expected === undefined ? undefined : join(folder, expected));
  });
});
