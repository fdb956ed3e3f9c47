const { core, pure, shell, page, doors } = require("./layers.cjs");

const list = (names) => names.join(", ") || "nothing";
const oneOf = (names) => `(${names.join("|")})`;
const rule = (name, from, to) => ({ name, severity: "error", from, to });

const layers = Object.entries(core).map(([layer, allowed]) =>
  rule(
    `core/${layer} may import: ${list(allowed)}`,
    { path: `^core/${layer}/` },
    { path: "^core/", pathNot: `^core/${oneOf([layer, ...allowed])}/` },
  ),
);

const shells = Object.entries(shell).map(([part, allowed]) =>
  rule(
    `${part} may import: itself and ${allowed.map((layer) => `core/${layer}`).join(", ")}`,
    { path: `^${part}/` },
    { path: "^(core|main|preload|renderer|tests|scripts)/", pathNot: `^(${part}|core/${oneOf(allowed)})/` },
  ),
);

const pages = Object.entries(page).map(([folder, allowed]) =>
  rule(
    `renderer/${folder} may import of the renderer: ${list(allowed)}`,
    { path: `^renderer/${folder}/` },
    { path: "^renderer/", pathNot: `^renderer/${oneOf([folder, ...allowed])}/` },
  ),
);

const packages = Object.entries(doors).map(([name, folder]) =>
  rule(
    `${name} is imported in ${folder} only`,
    { pathNot: `^(${folder}|tests|scripts)/` },
    { path: `^(node_modules/)?${name}(/|$)` },
  ),
);

module.exports = {
  forbidden: [
    ...layers,
    ...shells,
    ...pages,
    rule(
      "a feature may import: its own folder, not another feature's",
      { path: "^renderer/features/([^/]+)/" },
      { path: "^renderer/features/[^/]+/", pathNot: "^renderer/features/$1/" },
    ),
    ...packages,
    rule(
      "core may import: itself and packages, without Electron",
      { path: "^core/" },
      { path: "^(main|preload|renderer|tests|scripts)/|^(node_modules/)?electron(/|$)" },
    ),
    rule(
      "a method may import: its own folder and core/methods/*.ts",
      { path: "^core/methods/([^/]+)/" },
      { path: "^core/methods/[^/]+/", pathNot: "^core/methods/$1/" },
    ),
    rule(
      "the method catalogue may import: core/methods/<id>/method.ts",
      { path: "^core/methods/[^/]+[.]ts$" },
      { path: "^core/methods/[^/]+/", pathNot: "^core/methods/[^/]+/method[.]ts$" },
    ),
    rule(
      "other folders may import: core/methods/*.ts, not a method's folder",
      { path: "^(core|main|preload|renderer)/", pathNot: "^core/methods/" },
      { path: "^core/methods/[^/]+/" },
    ),
    rule(
      `these may import no node: module: ${list(pure)}`,
      { path: `^core/${oneOf(pure)}/` },
      { dependencyTypes: ["core"] },
    ),
    rule(
      "the renderer may import packages, without Electron",
      { path: "^renderer/" },
      { path: "^(node_modules/)?electron(/|$)" },
    ),
    rule("the renderer may import no node: module", { path: "^renderer/" }, { dependencyTypes: ["core"] }),
    rule("imports form no circle", {}, { circular: true }),
    rule("every import can be resolved", {}, { couldNotResolve: true }),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
  },
};
