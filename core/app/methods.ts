import { LatheError } from "../base/error.ts";
import type { MethodInfo } from "../contract/method.ts";
import { loadCatalogue } from "../methods/catalogue.ts";

/** What methods there are, by family and id. */
export async function listMethods(): Promise<readonly MethodInfo[]> {
  return [...(await loadCatalogue()).values()].map((m) => m.info).toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** @throws not-found naming those that exist */
export async function describeMethod(id: string): Promise<MethodInfo> {
  const all = await listMethods();
  const found = all.find((m) => m.id === id);
  if (found !== undefined) return found;
  throw new LatheError("not-found", `There is no method "${id}".`, {
    hint: `Methods: ${all.map((m) => m.id).join(", ")}.`,
  });
}
