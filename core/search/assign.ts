import highs from "highs";
import { LatheError } from "../base/error.ts";

/** One way to do a thing. */
export interface Choice {
  /** What it takes of the budget; not negative. */
  readonly cost: number;
  /** What is made small; any finite number. */
  readonly harm: number;
}

/** What the objective's largest coefficient is scaled to, so that the solver's absolute tolerance of 1e-6 does not matter. */
const LARGEST = 1e6;
/** How often a budget is tightened because rounding in the solver let a sum just over it pass. */
const REPAIRS = 8;

/**
 * Chooses one way for each of several things so that the sum of the harms is least among all that keep the sum of the
 * costs within a budget: min Σᵢⱼ hᵢⱼ·xᵢⱼ subject to Σⱼ xᵢⱼ = 1 and Σᵢⱼ cᵢⱼ·xᵢⱼ ≤ budget, x binary. The integer linear
 * programme is solved to optimality by HiGHS (Huangfu & Hall 2018).
 * @param things the choices of each; none of them empty
 * @returns the number of the choice for each thing
 * @throws invalid-recipe where even the cheapest choices exceed the budget
 */
export async function assignChoices(
  things: readonly (readonly Choice[])[],
  budget: number,
): Promise<readonly number[]> {
  const cheapest = things.reduce((sum, choices) => sum + least(choices), 0);
  if (things.some((choices) => choices.length === 0) || !(cheapest <= budget)) {
    throw new LatheError(
      "invalid-recipe",
      `No choice keeps within the budget of "${budget}": the least is ${cheapest}.`,
      {
        hint: "Raise the budget, or offer cheaper choices.",
        details: { budget, cheapest },
      },
    );
  }
  if (things.length === 0) return [];
  const solver = await highs();
  let limit = budget;
  for (let attempt = 0; attempt < REPAIRS; attempt++) {
    const { Columns, Status } = solver.solve(programme(things, limit), { mip_rel_gap: 0, mip_abs_gap: 0 });
    if (Status !== "Optimal") throw new LatheError("internal", `The integer programme ended as "${Status}".`);
    const chosen = things.map((choices, i) =>
      choices.reduce((best, _, j) => (valueOf(Columns, i, j) > valueOf(Columns, i, best) ? j : best), 0),
    );
    const cost = chosen.reduce((sum, j, i) => sum + things[i]![j]!.cost, 0);
    if (cost <= budget) return chosen;
    limit -= 2 * (cost - budget);
  }
  throw new LatheError("internal", `The integer programme does not keep within the budget of "${budget}".`);
}

const least = (choices: readonly Choice[]): number => choices.reduce((low, { cost }) => Math.min(low, cost), Infinity);

const nameOf = (i: number, j: number): string => `x${i}_${j}`;

/** Columns as HiGHS gives them back; an integer is within 1e-6 of one. */
function valueOf(columns: Readonly<Record<string, { readonly Primal?: number }>>, i: number, j: number): number {
  return columns[nameOf(i, j)]?.Primal ?? 0;
}

/** In the LP format, costs as shares of the budget. */
function programme(things: readonly (readonly Choice[])[], budget: number): string {
  const all = things.flatMap((choices, i) => choices.map((choice, j) => ({ ...choice, name: nameOf(i, j) })));
  const top = all.reduce((most, { harm }) => Math.max(most, Math.abs(harm)), 0) || 1;
  const unit = budget > 0 ? budget : 1;
  const sum = (terms: readonly (readonly [number, string])[]): string =>
    terms.map(([factor, name]) => `${factor < 0 ? "-" : "+"} ${Math.abs(factor)} ${name}`).join("\n ");
  return [
    "Minimize",
    ` harm: ${sum(all.map(({ harm, name }) => [(harm / top) * LARGEST, name]))}`,
    "Subject To",
    ...things.map((choices, i) => ` one${i}: ${choices.map((_, j) => nameOf(i, j)).join(" + ")} = 1`),
    ` budget: ${sum(all.map(({ cost, name }) => [cost / unit, name]))} <= ${budget / unit}`,
    "Binary",
    ...all.map(({ name }) => ` ${name}`),
    "End",
  ].join("\n");
}
