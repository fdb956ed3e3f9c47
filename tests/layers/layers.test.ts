import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packages, plants, type Plant } from "./plants.ts";

const root = resolve(import.meta.dirname, "../..");
const config = join(root, ".dependency-cruiser.cjs");
const require = createRequire(import.meta.url);
const { forbidden } = require(config) as { forbidden: readonly { name: string }[] };

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

/** Runs dependency-cruiser as `npm run layers` does, in a tree of its own. */
async function violationsIn(tree: string): Promise<readonly Violation[]> {
  const command = join(root, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
  const args = [command, "--config", config, "--output-type", "json", "core", "main", "preload", "renderer"];
  const output = await new Promise<string>((done, fail) => {
    execFile(process.execPath, args, { cwd: tree, maxBuffer: 1 << 28 }, (error, stdout) => {
      if (stdout === "") fail(error ?? new Error("dependency-cruiser printed nothing"));
      else done(stdout);
    });
  });
  return (JSON.parse(output) as { summary: { violations: readonly Violation[] } }).summary.violations;
}

async function write(tree: string, files: Plant["files"]): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), text);
  }
}

/** A package with nothing in it: the rules look at names and places only. */
const stub = (name: string): Plant["files"] => ({
  [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: "1.0.0", main: "index.js" }),
  [`node_modules/${name}/index.js`]: "export {};\n",
});

describe("layer rules", () => {
  let tree: string;
  let found: readonly Violation[];

  beforeAll(async () => {
    tree = await mkdtemp(join(tmpdir(), "lathe-layers-"));
    for (const name of packages) await write(tree, stub(name));
    await writeFile(
      join(tree, "tsconfig.json"),
      `{ "compilerOptions": { "module": "esnext", "moduleResolution": "bundler" } }`,
    );
    for (const part of ["core", "main", "preload", "renderer"]) await mkdir(join(tree, part));
    for (const plant of plants) await write(tree, plant.files);
    found = await violationsIn(tree);
  });

  afterAll(() => rm(tree, { recursive: true, force: true }));

  for (const { from, to, rule } of plants) {
    if (rule === undefined) {
      it(`lets ${from} import ${to}`, () => {
        expect(found.filter((v) => v.from === from)).toEqual([]);
      });
    } else {
      it(`stops ${from} from importing ${to}: ${rule}`, () => {
        const broken = found.filter((v) => v.from === from && v.to.includes(to)).map((v) => v.rule.name);
        expect(broken).toContain(rule);
      });
    }
  }

  it("has a planted violation for every rule", () => {
    const planted = new Set(plants.map((p) => p.rule));
    expect(forbidden.map((r) => r.name).filter((name) => !planted.has(name))).toEqual([]);
  });

  it("finds nothing in the product itself", async () => {
    const messages = (await violationsIn(root)).map((v) => `${v.rule.name}: ${v.from} → ${v.to}`);
    expect(messages).toEqual([]);
  });
});
