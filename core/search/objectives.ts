import { LatheError } from "../base/error.ts";

/** A figure to make large or small. */
export interface Objective {
  readonly name: string;
  readonly direction: "min" | "max";
}

/** A bound on a figure. */
export interface Constraint {
  readonly name: string;
  readonly most?: number;
  readonly least?: number;
}

/** What a sampler learns of a point: costs are to be made small; a violation of 0 meets all constraints. */
export interface Score {
  readonly costs: readonly number[];
  readonly violation: number;
}

/** Of a trial without result: worse than any other. */
export const failedScore = (objectives: readonly Objective[]): Score => ({
  costs: objectives.map(() => Infinity),
  violation: Infinity,
});

/**
 * Costs and violation of measured figures. The violation sums by how much of the bound each constraint is missed.
 * @throws invalid-argument for a figure that is missing or no number
 */
export function scoreOf(
  values: Readonly<Record<string, number>>,
  {
    objectives,
    constraints = [],
  }: { readonly objectives: readonly Objective[]; readonly constraints?: readonly Constraint[] },
): Score {
  const figure = (name: string): number => {
    const value = values[name];
    if (value !== undefined && !Number.isNaN(value)) return value;
    throw new LatheError("invalid-argument", `The trial has no figure "${name}".`, {
      hint: `It has: ${Object.keys(values).join(", ")}.`,
    });
  };
  const excess = constraints.map(({ name, most = Infinity, least = -Infinity }) => {
    const value = figure(name);
    const over = Math.max(0, value - most) / Math.max(Math.abs(most), Number.EPSILON);
    const under = Math.max(0, least - value) / Math.max(Math.abs(least), Number.EPSILON);
    return (Number.isFinite(most) ? over : 0) + (Number.isFinite(least) ? under : 0);
  });
  return {
    costs: objectives.map(({ name, direction }) => (direction === "min" ? figure(name) : -figure(name))),
    violation: excess.reduce((sum, e) => sum + e, 0),
  };
}
