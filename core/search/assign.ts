import highs from "highs";
import { LatheError } from "../base/error.ts";

/** The solver, compiled once; each programme gets a fresh one of it. */
let loaded: ReturnType<typeof highs> | undefined;

/** One way to do a thing. */
export interface Choice {
  /** What it takes of the budget; not negative. */
  readonly cost: number;
  /** What is made small; any finite number. */
  readonly harm: number;
  /** Something that all who need it pay for once. */
  readonly needs?: string;
}

export interface Budget {
  readonly limit: number;
  /** Cost of what choices need, by name. */
  readonly shared?: Readonly<Record<string, number>>;
}

/** What the objective's largest coefficient is scaled to, so that the solver's absolute tolerance of 1e-6 does not matter. */
const LARGEST = 1e6;
/** How often a budget is tightened because rounding in the solver let a sum just over it pass. */
const REPAIRS = 8;

/**
 * Chooses one way for each of several things so that the sum of the harms is least among all that keep the sum of the
 * costs within a budget: min Σᵢⱼ hᵢⱼ·xᵢⱼ subject to Σⱼ xᵢⱼ = 1 and Σᵢⱼ cᵢⱼ·xᵢⱼ + Σₖ sₖ·yₖ ≤ limit, x and y binary, where
 * yₖ ≥ xᵢⱼ for what needs k. The integer linear programme is solved to optimality by HiGHS (Huangfu & Hall 2018).
 * @param things the choices of each; none of them empty
 * @returns the number of the choice for each thing
 * @throws invalid-recipe where even the cheapest choices exceed the budget
 */
export async function assignChoices(
  things: readonly (readonly Choice[])[],
  { limit, shared = {} }: Budget,
): Promise<readonly number[]> {
  const solve = await solverOf(things);
  const none = async (): Promise<LatheError> => {
    const least = await leastCost(things, shared);
    return new LatheError("invalid-recipe", `No choice keeps within the budget of "${limit}": the least is ${least}.`, {
      hint: "Raise the budget, or offer cheaper choices.",
      details: { limit, least },
    });
  };
  if (things.length === 0) return [];
  if (things.some((choices) => choices.length === 0) || !(limit >= 0)) throw await none();
  let tightened = limit;
  for (let attempt = 0; attempt < REPAIRS && tightened >= 0; attempt++) {
    const chosen = solve(programmeOf(things, { limit: tightened, shared, objective: "harm" }));
    if (chosen === undefined) break;
    const cost = costOf(things, chosen, shared);
    if (cost <= limit) return chosen;
    tightened -= 2 * (cost - limit);
  }
  throw await none();
}

/** What the cheapest choices cost together; infinite where there are none for some thing. */
export async function leastCost(
  things: readonly (readonly Choice[])[],
  shared: Readonly<Record<string, number>> = {},
): Promise<number> {
  if (things.some((choices) => choices.length === 0)) return Infinity;
  const cheapest = (await solverOf(things))(programmeOf(things, { shared, objective: "cost" }));
  return cheapest === undefined ? Infinity : costOf(things, cheapest, shared);
}

/** Solves programmes over the choices of things: the number of the choice for each, undefined where there is none. */
async function solverOf(
  things: readonly (readonly Choice[])[],
): Promise<(programme: string) => readonly number[] | undefined> {
  loaded ??= highs();
  const solver = await loaded;
  return (programme) => {
    const { Columns, Status } = solver.solve(programme, { mip_rel_gap: 0, mip_abs_gap: 0 });
    if (Status === "Infeasible") return undefined;
    if (Status !== "Optimal") throw new LatheError("internal", `The integer programme ended as "${Status}".`);
    return things.map((choices, i) =>
      choices.reduce((best, _, j) => (valueOf(Columns, i, j) > valueOf(Columns, i, best) ? j : best), 0),
    );
  };
}

/** What choices cost together. */
export function costOf(
  things: readonly (readonly Choice[])[],
  chosen: readonly number[],
  shared: Readonly<Record<string, number>> = {},
): number {
  const taken = chosen.map((j, i) => things[i]![j]!);
  const needed = new Set(taken.flatMap(({ needs }) => needs ?? []));
  return taken.reduce((sum, c) => sum + c.cost, 0) + [...needed].reduce((sum, name) => sum + (shared[name] ?? 0), 0);
}

const nameOf = (i: number, j: number): string => `x${i}_${j}`;

/** Columns as HiGHS gives them back; an integer is within 1e-6 of one. */
function valueOf(columns: Readonly<Record<string, { readonly Primal?: number }>>, i: number, j: number): number {
  return columns[nameOf(i, j)]?.Primal ?? 0;
}

interface Programme {
  /** None where the cost itself is made small. */
  readonly limit?: number;
  readonly shared: Readonly<Record<string, number>>;
  readonly objective: "harm" | "cost";
}

type Term = readonly [factor: number, name: string];

/** In the LP format, costs as shares of the limit. */
function programmeOf(things: readonly (readonly Choice[])[], { limit, shared, objective }: Programme): string {
  const all = things.flatMap((choices, i) => choices.map((choice, j) => ({ ...choice, name: nameOf(i, j) })));
  const pools = [...new Set(all.flatMap(({ needs }) => needs ?? []))];
  const poolOf = (needs: string): string => `y${pools.indexOf(needs)}`;
  const costs: readonly Term[] = [
    ...all.map(({ cost, name }): Term => [cost, name]),
    ...pools.map((pool): Term => [shared[pool] ?? 0, poolOf(pool)]),
  ];
  const goal = objective === "cost" ? costs : all.map(({ harm, name }): Term => [harm, name]);
  const top = goal.reduce((most, [factor]) => Math.max(most, Math.abs(factor)), 0) || 1;
  const unit = limit !== undefined && limit > 0 ? limit : 1;
  const scaled = (terms: readonly Term[], by: number): string =>
    terms.map(([factor, name]) => `${factor < 0 ? "-" : "+"} ${Math.abs(factor) * by} ${name}`).join("\n ");
  return [
    "Minimize",
    ` goal: ${scaled(goal, LARGEST / top)}`,
    "Subject To",
    ...things.map((choices, i) => ` one${i}: ${choices.map((_, j) => nameOf(i, j)).join(" + ")} = 1`),
    ...all.flatMap(({ needs, name }) => (needs === undefined ? [] : [` n${name}: ${poolOf(needs)} - ${name} >= 0`])),
    ...(limit === undefined ? [] : [` budget: ${scaled(costs, 1 / unit)} <= ${limit / unit}`]),
    "Binary",
    ...[...all.map(({ name }) => name), ...pools.map(poolOf)].map((name) => ` ${name}`),
    "End",
  ].join("\n");
}
