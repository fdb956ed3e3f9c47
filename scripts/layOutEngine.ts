import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { dirname, extname, join, relative } from "node:path";

/** What the engine's process needs of the sources: its entry and all layers. */
const PARTS = ["core", "main/engine.ts"] as const;

/**
 * Lays the engine out as the sources are laid out, file by file, with the types taken off. Methods are found by looking
 * into a folder, processes and threads by the path of a file; a bundle has neither.
 * @param root of the sources
 * @param out folder that is made anew
 * @returns how many modules were written
 */
export async function layOutEngine(root: string, out: string): Promise<number> {
  await rm(out, { recursive: true, force: true });
  let count = 0;
  for (const file of await sourcesOf(root)) {
    const target = join(out, file);
    await mkdir(dirname(target), { recursive: true });
    if (extname(file) !== ".ts") await cp(join(root, file), target);
    else {
      const code = stripTypeScriptTypes(await readFile(join(root, file), "utf8"));
      await writeFile(target.replace(/\.ts$/, ".js"), namedAsBuilt(code));
      count++;
    }
  }
  // Versions are read from it.
  await cp(join(root, "package.json"), join(out, "package.json"));
  return count;
}

/** Relative names of modules, in imports and in the paths of processes and threads. */
function namedAsBuilt(code: string): string {
  return code.replaceAll(/(["'])(\.{1,2}\/[^"'\n]*)\.ts\1/g, "$1$2.js$1");
}

async function sourcesOf(root: string): Promise<string[]> {
  const found: string[] = [];
  for (const part of PARTS) {
    if (part.endsWith(".ts")) {
      found.push(part);
      continue;
    }
    for (const entry of await readdir(join(root, part), { recursive: true, withFileTypes: true })) {
      const file = relative(root, join(entry.parentPath, entry.name));
      if (entry.isFile() && /\.(ts|js|json|wasm)$/.test(file)) found.push(file);
    }
  }
  return found;
}
