import { readdirSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";

/** A benchmark: a file of this folder named after its id. */
interface Bench {
  readonly id: string;
  readonly title: string;
  run(): Promise<unknown>;
  print(figures: unknown): string;
}

const USAGE = "npm run bench -- ID… [--json] [options of the bench]";

const args = process.argv.slice(2);
const isJson = args.includes("--json");
const firstOption = args.findIndex((a) => a.startsWith("-"));
// What stands behind an option may belong to it, and is the bench's own business.
const asked = firstOption < 0 ? args : args.slice(0, firstOption);
const benches = await findBenches();
const unknown = asked.filter((id) => !benches.some((b) => b.id === id));
if (asked.length === 0 || unknown.length > 0) {
  if (unknown.length > 0) console.error(`There is no bench "${unknown.join(", ")}".`);
  console.error(`${USAGE}\n${benches.map((b) => `  ${b.id}: ${b.title}`).join("\n")}`);
  process.exitCode = asked.length === 0 ? 0 : 2;
} else {
  const machine = {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memory: totalmem(),
    node: process.versions.node,
  };
  const results: Record<string, unknown> = {};
  if (!isJson) console.log(`${machine.processor}, ${machine.cores} cores, Node ${machine.node}`);
  for (const bench of benches.filter((b) => asked.includes(b.id))) {
    if (!isJson) console.log(`\n${bench.title}`);
    const figures = await bench.run();
    results[bench.id] = figures;
    if (!isJson) console.log(bench.print(figures));
  }
  if (isJson) console.log(JSON.stringify({ at: new Date().toISOString(), machine, ...results }, undefined, 2));
}

async function findBenches(): Promise<readonly Bench[]> {
  const names = readdirSync(import.meta.dirname).filter(
    (n) => n.endsWith(".ts") && n !== "main.ts" && !n.endsWith("Probe.ts"),
  );
  const modules = await Promise.all(
    names.map((n) => import(join(import.meta.dirname, n)) as Promise<{ readonly bench?: Bench }>),
  );
  return modules.flatMap((m) => (m.bench === undefined ? [] : [m.bench])).toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
