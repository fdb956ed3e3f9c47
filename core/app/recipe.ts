import { LatheError } from "../base/error.ts";
import type { Json } from "../base/json.ts";
import type { ProviderName } from "../contract/device.ts";
import { recipe as recipeSchema, type Recipe } from "../contract/project.ts";
import { findMethod } from "../methods/catalogue.ts";
import type { Method } from "../methods/define.ts";
import { thisProcessor } from "../runtime/machine.ts";

/** What to run: a recipe, or a method with those parameters that are not to be the default ones. */
export type RunRequest =
  | { readonly recipe: Recipe }
  | {
      readonly method: string;
      readonly params: Readonly<Record<string, Json>>;
      readonly seed: number;
      readonly threads: number;
      /** Default: the CPU. */
      readonly provider?: ProviderName | undefined;
    };

/** The method and the whole recipe of a request, in the newest form of its parameters. */
export async function completeRecipe(
  request: RunRequest,
): Promise<{ readonly method: Method; readonly recipe: Recipe }> {
  if (!("recipe" in request)) {
    const method = await findMethod(request.method);
    const params = await method.settle(method.parse(request.params), thisProcessor);
    const { seed, threads, provider } = request;
    return {
      method,
      recipe: {
        lathe: 1,
        method: method.info.id,
        version: method.info.version,
        params,
        seed,
        threads,
        ...(provider && { provider }),
      },
    };
  }
  const { recipe } = request;
  const method = await findMethod(recipe.method);
  if (recipe.version > method.info.version) {
    throw new LatheError(
      "newer-version",
      `The recipe is for version "${recipe.version}" of ${recipe.method}; this Lathe has version ${method.info.version}.`,
      { hint: "Update Lathe, or write the recipe for this version." },
    );
  }
  const params = method.parse(method.upgrade(recipe.params, recipe.version));
  return { method, recipe: { ...recipe, version: method.info.version, params } };
}

/** A recipe from the text of its file. @throws invalid-recipe naming what is wrong */
export function parseRecipe(text: string, file: string): Recipe {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    throw new LatheError("invalid-recipe", `"${file}" is not JSON.`, { cause, hint: "A recipe is a JSON object." });
  }
  const parsed = recipeSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined ? "" : `${issue.path.join(".") || "recipe"}: ${issue.message}`;
  throw new LatheError("invalid-recipe", `"${file}" is not a recipe: "${where}".`, {
    hint: '"lathe variants --json" shows recipes of variants as examples.',
  });
}
