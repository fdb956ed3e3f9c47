/**
 * Who may import whom, as data: the one place where it is written down.
 * `.dependency-cruiser.cjs` makes rules of it; `tests/layers` proves that each rule catches what it forbids.
 */
const below = [
  "base",
  "contract",
  "graph",
  "ops",
  "transform",
  "autodiff",
  "runtime",
  "data",
  "measure",
  "train",
  "zoo",
  "search",
];

/** Folder of `core/` → the other folders of `core/` that it may import. */
const core = {
  base: [],
  contract: ["base"],
  graph: ["base"],
  onnx: ["base", "graph"],
  ops: ["base", "graph"],
  transform: ["base", "graph", "ops"],
  autodiff: ["base", "graph", "ops", "transform"],
  runtime: ["base", "contract", "graph", "onnx"],
  data: ["base", "contract"],
  measure: ["base", "contract", "graph", "ops", "transform", "runtime", "data"],
  train: ["base", "contract", "graph", "ops", "transform", "autodiff", "runtime", "data", "measure"],
  zoo: ["base", "graph", "ops"],
  search: ["base", "contract"],
  methods: below,
  report: ["base", "contract"],
  store: ["base", "contract"],
  app: [...below, "onnx", "methods", "report", "store"],
  serve: ["base", "contract", "app"],
  cli: ["base", "contract", "app", "serve"],
};

/** Folders of `core/` that touch no platform: no node: module. Files and clock reach them as a Host. */
const pure = ["base", "contract", "graph", "onnx", "ops", "transform", "autodiff", "report", "zoo", "search"];

/** What the three parts of the desktop may import from `core/`. */
const shell = {
  main: ["serve", "app", "contract", "base"],
  preload: ["contract"],
  renderer: ["contract", "base"],
};

/** Folder of `renderer/` → the other folders of `renderer/` that it may import. Features see no other feature; `app` sees all. */
const page = {
  kit: [],
  client: ["kit"],
  form: ["kit"],
  blocks: ["kit"],
  graphview: ["kit"],
  parts: ["kit", "client"],
  features: ["kit", "client", "form", "blocks", "graphview", "parts"],
};

/** Packages that one folder alone may import. */
const doors = {
  "onnxruntime-node": "core/runtime",
  "onnxruntime-common": "core/runtime",
  "better-sqlite3": "core/store",
  highs: "core/search",
};

module.exports = { core, pure, shell, page, doors };
