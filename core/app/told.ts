import { toLatheError, type ErrorCode } from "../base/error.ts";
import type { Variant } from "../contract/project.ts";
import type { ReportBlock } from "../contract/report.ts";
import { loadCatalogue } from "../methods/catalogue.ts";
import type { LayerFinding, Method } from "../methods/define.ts";

/** What a method has to say of a variant that it made; nothing of an imported one. */
export interface Told {
  readonly blocks: readonly ReportBlock[];
  readonly layers: readonly LayerFinding[];
  /** Why it says nothing, where its record is damaged. */
  readonly damage?: string;
}

const NOTHING: Told = { blocks: [], layers: [] };

/** Reads what was kept of a run. One damaged record takes nothing from other variants, so it is told and not thrown. */
export async function tellOf(variant: Pick<Variant, "recipe" | "findings">): Promise<Told> {
  const { recipe } = variant;
  const method = recipe === null ? undefined : (await loadCatalogue()).get(recipe.method);
  return method === undefined ? NOTHING : tellBy(method, variant);
}

const OF_THE_RECORD: ReadonlySet<ErrorCode> = new Set(["invalid-project", "invalid-recipe", "newer-version"]);

function tellBy(method: Method, { recipe, findings }: Pick<Variant, "recipe" | "findings">): Told {
  try {
    const params = method.upgrade(recipe?.params ?? {}, recipe?.version ?? method.info.version);
    return { blocks: method.report(findings, params), layers: method.layers(findings) };
  } catch (thrown) {
    const error = toLatheError(thrown);
    if (!OF_THE_RECORD.has(error.code)) throw thrown;
    return { ...NOTHING, damage: error.message };
  }
}

/** What of a variant's record cannot be read. */
export async function damageOf(variant: Variant): Promise<readonly string[]> {
  const { damage } = await tellOf(variant);
  return [variant.damage, damage].filter((text) => text !== undefined);
}

/** What to be careful about with a variant, damage to its record included. */
export const warningsOf = async (variant: Variant): Promise<readonly string[]> => [
  ...variant.warnings,
  ...(await damageOf(variant)),
];
