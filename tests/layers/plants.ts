import { createRequire } from "node:module";

/** A file that imports another one, and the name of the rule that this breaks; no name where it is allowed. */
export interface Plant {
  readonly from: string;
  readonly to: string;
  readonly rule: string | undefined;
  readonly files: Readonly<Record<string, string>>;
}

interface LayerTable {
  readonly core: Readonly<Record<string, readonly string[]>>;
  readonly pure: readonly string[];
  readonly page: Readonly<Record<string, readonly string[]>>;
}

const require = createRequire(import.meta.url);
const { core, pure, page } = require("../../layers.cjs") as LayerTable;

const TARGET = "export const target = 1;\n";
const depth = (path: string): string => "../".repeat(path.split("/").length - 1);

/** A planted import of a file. Type-only imports must count as much as others. */
function fileImport(from: string, to: string, rule: string | undefined): Plant {
  const text = `import type { target } from "${depth(from)}${to}";\nexport type Planted = typeof target;\n`;
  return { from, to, rule, files: { [from]: text, [to]: TARGET } };
}

function packageImport(from: string, to: string, rule: string | undefined): Plant {
  return { from, to: to.replace(/^node:/, ""), rule, files: { [from]: `import "${to}";\n` } };
}

const layerRule = (layer: string): string => `core/${layer} may import: ${core[layer]?.join(", ") || "nothing"}`;

/** Every ordered pair of folders of the renderer, against the table. */
const pagePairs = Object.entries(page).flatMap(([folder, allowed]) =>
  [...Object.keys(page), "app"]
    .filter((other) => other !== folder)
    .map((other) => {
      const rule = `renderer/${folder} may import of the renderer: ${allowed.join(", ") || "nothing"}`;
      const from = `renderer/${folder}/imports-${other}.ts`;
      return fileImport(from, `renderer/${other}/target.ts`, allowed.includes(other) ? undefined : rule);
    }),
);

/** Every ordered pair of folders of core, against the table. */
const pairs = Object.entries(core).flatMap(([layer, allowed]) =>
  Object.keys(core)
    .filter((other) => other !== layer)
    .map((other) => {
      const rule = allowed.includes(other) ? undefined : layerRule(layer);
      return fileImport(`core/${layer}/imports-${other}.ts`, `core/${other}/target.ts`, rule);
    }),
);

const PURE = `these may import no node: module: ${pure.join(", ")}`;
const CORE = "core may import: itself and packages, without Electron";
const MAIN = "main may import: itself and core/serve, core/app, core/contract, core/base";
const PRELOAD = "preload may import: itself and core/contract";
const RENDERER = "renderer may import: itself and core/contract, core/base";
const PRIVATE = "other folders may import: core/methods/*.ts, not a method's folder";
const OWN = "a method may import: its own folder and core/methods/*.ts";
const CATALOGUE = "the method catalogue may import: core/methods/<id>/method.ts";

const circle: Plant = {
  from: "core/base/circle-a.ts",
  to: "core/base/circle-b.ts",
  rule: "imports form no circle",
  files: {
    "core/base/circle-a.ts": `import type { B } from "./circle-b.ts";\nexport interface A { b: B }\n`,
    "core/base/circle-b.ts": `import type { A } from "./circle-a.ts";\nexport interface B { a: A }\n`,
  },
};

/** The packages that the plants import. */
export const packages = ["electron", "onnxruntime-node", "onnxruntime-common", "better-sqlite3", "highs"];

export const plants: readonly Plant[] = [
  ...pairs,
  ...pagePairs,
  fileImport(
    "renderer/features/jobs/borrows.ts",
    "renderer/features/compare/target.ts",
    "a feature may import: its own folder, not another feature's",
  ),
  ...pure.map((layer) => packageImport(`core/${layer}/reads-files.ts`, "node:fs", PURE)),
  packageImport("core/data/reads-files.ts", "node:fs", undefined),
  packageImport("core/app/opens-window.ts", "electron", CORE),
  fileImport("core/app/imports-main.ts", "main/target.ts", CORE),
  fileImport("core/cli/imports-renderer.ts", "renderer/target.ts", CORE),
  packageImport("core/data/runs.ts", "onnxruntime-node", "onnxruntime-node is imported in core/runtime only"),
  packageImport("core/app/tensor.ts", "onnxruntime-common", "onnxruntime-common is imported in core/runtime only"),
  packageImport("core/app/query.ts", "better-sqlite3", "better-sqlite3 is imported in core/store only"),
  packageImport("core/measure/solves.ts", "highs", "highs is imported in core/search only"),
  packageImport("core/runtime/runs.ts", "onnxruntime-node", undefined),
  packageImport("core/store/query.ts", "better-sqlite3", undefined),
  packageImport("core/search/solves.ts", "highs", undefined),
  fileImport("core/methods/one/method.ts", "core/methods/other/method.ts", OWN),
  fileImport("core/methods/one/run.ts", "core/methods/one/deep/step.ts", undefined),
  fileImport("core/methods/one/define.ts", "core/methods/target.ts", undefined),
  fileImport("core/methods/all.ts", "core/methods/other/method.ts", undefined),
  fileImport("core/methods/every.ts", "core/methods/other/run.ts", CATALOGUE),
  fileImport("core/app/method.ts", "core/methods/other/method.ts", PRIVATE),
  fileImport("main/runs.ts", "core/runtime/target.ts", MAIN),
  fileImport("main/shows.ts", "renderer/target.ts", MAIN),
  fileImport("main/asks.ts", "core/app/target.ts", undefined),
  fileImport("preload/runs.ts", "core/app/target.ts", PRELOAD),
  fileImport("preload/speaks.ts", "core/contract/target.ts", undefined),
  packageImport("preload/bridges.ts", "electron", undefined),
  fileImport("renderer/runs.ts", "core/app/target.ts", RENDERER),
  fileImport("renderer/speaks.ts", "core/contract/target.ts", undefined),
  packageImport("renderer/opens.ts", "electron", "the renderer may import packages, without Electron"),
  packageImport("renderer/reads.ts", "node:fs", "the renderer may import no node: module"),
  packageImport("core/base/typo.ts", "no-such-package", "every import can be resolved"),
  circle,
];
