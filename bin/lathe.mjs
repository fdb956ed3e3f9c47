#!/usr/bin/env node
// Starts the command line. Lathe needs a Node that runs TypeScript; where the current one is older, the one among the
// dependencies takes over.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const entry = join(here, "..", "core", "cli", "main.ts");
const [major] = process.versions.node.split(".").map(Number);

// 24 is the first that strips types and has Float16Array.
if (major >= 24) {
  await import(new URL("../core/cli/main.ts", import.meta.url).href);
} else {
  const node = newerNode();
  if (node === undefined) {
    console.error(`lathe needs Node 24 or newer; this is "${process.versions.node}". Run npm ci, or update Node.`);
    process.exit(1);
  }
  const child = spawn(node, [entry, ...process.argv.slice(2)], { stdio: "inherit" });
  // A terminal sends Ctrl+C to both; this one waits for the other to stop cleanly.
  for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => name === "SIGTERM" && child.kill(name));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
}

function newerNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/package.json`);
    const node = join(dirname(manifest), "bin", "node");
    return existsSync(node) ? node : undefined;
  } catch {
    return undefined;
  }
}
