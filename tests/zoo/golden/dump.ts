// Writes the weights and inputs of the golden nets where peers.py finds them:
//   node tests/zoo/golden/dump.ts FOLDER && python3 tests/zoo/golden/peers.py FOLDER
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { arrayBytes } from "../../../core/base/array.ts";
import { tensorArray } from "../../../core/graph/build.ts";
import { GOLDEN, goldenNet } from "./nets.ts";

const folder = process.argv[2];
if (folder === undefined) {
  console.error("usage: node tests/zoo/golden/dump.ts FOLDER");
  process.exit(2);
}
for (const id of Object.keys(GOLDEN)) {
  const { model, input } = goldenNet(id);
  const arrays = [...model.graph.initializers.map((t) => [t.name, tensorArray(t)] as const), ["input", input] as const];
  mkdirSync(join(folder, id), { recursive: true });
  for (const [name, array] of arrays) writeFileSync(join(folder, id, name), arrayBytes(array));
  const manifest = Object.fromEntries(arrays.map(([name, { type, dims }]) => [name, { type, dims }]));
  writeFileSync(join(folder, id, "manifest.json"), JSON.stringify(manifest));
}
