import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { LatheError } from "../base/error.ts";
import { isMethod, type Method } from "./define.ts";

let loaded: Promise<ReadonlyMap<string, Method>> | undefined;

/**
 * Every method of this installation by id. A method is a folder beside this file with a `method.ts` whose
 * default export is a method; nothing else lists it.
 */
export function loadCatalogue(): Promise<ReadonlyMap<string, Method>> {
  loaded ??= load(import.meta.dirname);
  return loaded;
}

/**
 * Adds the methods of another folder that is laid out as this one, for this process.
 * @throws already-exists where an id is taken
 */
export async function addMethods(folder: string): Promise<void> {
  const [known, added] = await Promise.all([loadCatalogue(), load(folder)]);
  const twice = [...added.keys()].find((id) => known.has(id));
  if (twice !== undefined) {
    throw new LatheError("already-exists", `"${folder}" has a method "${twice}", and so has the catalogue.`, {
      hint: "Give it another id.",
    });
  }
  loaded = Promise.resolve(new Map([...known, ...added]));
}

/**
 * The method of that id.
 * @throws not-found naming those that exist
 */
export async function findMethod(id: string): Promise<Method> {
  const catalogue = await loadCatalogue();
  const found = catalogue.get(id);
  if (found !== undefined) return found;
  throw new LatheError("not-found", `There is no method "${id}".`, {
    hint: `Methods: ${[...catalogue.keys()].join(", ")}.`,
  });
}

async function load(folder: string): Promise<ReadonlyMap<string, Method>> {
  const entries = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) =>
      ["method.ts", "method.js"].map((file) => join(folder, entry.name, file)).find((file) => existsSync(file)),
    )
    .filter((file) => file !== undefined)
    .sort();
  const methods = await Promise.all(
    entries.map(async (file) => {
      const module = (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
      if (!isMethod(module.default)) throw new LatheError("internal", `"${file}" does not export a method by default.`);
      return module.default;
    }),
  );
  return new Map(methods.map((method) => [method.info.id, method]));
}
