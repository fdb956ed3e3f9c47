import type { JobState } from "../contract/jobs.ts";
import { loadCatalogue } from "../methods/catalogue.ts";
import type { Method } from "../methods/define.ts";
import type { KnownVariant, ProjectFacts, Suggestion } from "../methods/suggestion.ts";
import type { Compared } from "./compare.ts";
import type { Project } from "./project.ts";

/** A method that suggests itself. */
export interface SuggestedMethod extends Suggestion {
  readonly method: string;
}

/** What a method made, or is about to make, it need not suggest. */
const UNDER_WAY: readonly JobState[] = ["queued", "running", "paused", "cancelling", "interrupted"];
const MOST = 4;
const TAKES: readonly Suggestion["takes"][] = ["seconds", "minutes", "hours"];

/** The methods that measurements speak for, what takes least first. @param rows all variants beside the baseline */
export async function suggestMethods(project: Project, rows: readonly Compared[]): Promise<readonly SuggestedMethod[]> {
  const catalogue = await loadCatalogue();
  const facts = factsOf(project, rows, catalogue);
  if (facts === undefined) return [];
  return [...catalogue.values()]
    .flatMap((method) => {
      const found = method.suggest(facts);
      return found === undefined ? [] : [{ ...found, method: method.info.id }];
    })
    .toSorted((a, b) => TAKES.indexOf(a.takes) - TAKES.indexOf(b.takes))
    .slice(0, MOST);
}

type Catalogue = ReadonlyMap<string, Method>;

/** What the project's records say, in the form in which methods look at it; undefined where there is no baseline. */
function factsOf({ store }: Project, rows: readonly Compared[], catalogue: Catalogue): ProjectFacts | undefined {
  const [baseline, ...others] = rows.map((row) => known(row, catalogue));
  if (baseline === undefined) return undefined;
  const made = store.variants().flatMap(({ recipe, parent }) => (recipe === null ? [] : [[recipe.method, parent]]));
  const coming = store.jobs
    .list(UNDER_WAY)
    .filter(({ plan }) => plan.tryout === undefined)
    .flatMap(({ plan }) => plan.steps.slice(0, 1).map((step) => [step.method, plan.from?.variant ?? null]));
  const tried = ([...made, ...coming] as [string, string | null][]).flatMap(([method, from]) => {
    const family = catalogue.get(method)?.info.family;
    return family === undefined ? [] : [{ method, family, from }];
  });
  return { baseline, others, hasData: store.data().length > 0, tried };
}

function known({ variant, bytes, difference, speedUp }: Compared, catalogue: Catalogue): KnownVariant {
  const { id, name, parent, recipe, measurements } = variant;
  const family = recipe === null ? undefined : catalogue.get(recipe.method)?.info.family;
  return {
    id,
    name,
    parent,
    ...(recipe !== null && family !== undefined && { made: { method: recipe.method, family, params: recipe.params } }),
    bytes,
    ...(measurements?.accuracy && { accuracy: measurements.accuracy }),
    ...(difference && {
      difference: { value: difference.difference, low: difference.interval.low, high: difference.interval.high },
    }),
    ...(speedUp && { speedUp: { value: speedUp.factor, low: speedUp.low, high: speedUp.high } }),
    layers: measurements?.layers ?? [],
  };
}
