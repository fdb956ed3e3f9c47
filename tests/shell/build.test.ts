import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
let out: string;

beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), "lathe-build-"));
  const command = join(root, "node_modules/electron-vite/bin/electron-vite.js");
  await promisify(execFile)(process.execPath, [command, "build", "--outDir", out], { cwd: root });
});

afterAll(() => rm(out, { recursive: true, force: true }));

const read = (path: string): Promise<string> => readFile(join(out, path), "utf8");

it("makes the preload script one CommonJS file that needs Electron alone", async () => {
  expect(await readdir(join(out, "preload"))).toEqual(["index.cjs"]);
  const code = await read("preload/index.cjs");
  expect([...code.matchAll(/require\("([^"]+)"\)/g)].map((found) => found[1])).toEqual(["electron"]);
  expect(code).not.toMatch(/^(import|export) /m);
});

it("leaves Electron and Node out of the main process and the engine", async () => {
  expect(await readdir(join(out, "main"))).toEqual(expect.arrayContaining(["index.js", "engine.js"]));
  const imports = [...(await read("main/index.js")).matchAll(/from "([^"./][^"]*)"/g)].map((found) => found[1] ?? "");
  const foreign = imports.filter((name) => name !== "electron" && !builtinModules.includes(name.replace(/^node:/, "")));
  expect(imports).toContain("electron");
  expect(foreign).toEqual([]);
});

it("makes a page that its own content security policy lets run", async () => {
  const page = await read("renderer/index.html");
  const scripts = [...page.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/g)];
  expect(scripts).toHaveLength(1);
  for (const [, attributes, code] of scripts) {
    expect(attributes).toMatch(/src="\.\/assets\//);
    expect(code).toBe("");
  }
  expect(page).not.toMatch(/<style|style=|https?:\/\//);
});
