import type { ProviderName } from "../../../core/contract/device.ts";
import type { MethodInfo } from "../../../core/contract/method.ts";
import type { RunAsked } from "../../../core/contract/run.ts";
import type { Overview } from "../../../core/contract/views.ts";
import { changedOf, fieldsOf, problemsOf, type Values } from "../../form/schema.ts";
import type { WizardStart } from "../../kit/navigation.ts";

/** What a wizard has been told so far. */
export interface Draft {
  readonly from: string;
  readonly data: string | undefined;
  readonly name: string;
  readonly method: string | undefined;
  /** Parameters by method, so that looking at another one loses nothing. */
  readonly params: Readonly<Record<string, Values>>;
  readonly seed: string;
  readonly threads: string;
  readonly provider: ProviderName;
  readonly measure: boolean;
}

export const STEPS = ["source", "goal", "method", "evaluation", "review"] as const;
export type Step = (typeof STEPS)[number];

export const STEP_TITLES: Readonly<Record<Step, string>> = {
  source: "Source",
  goal: "Goal and method",
  method: "Settings",
  evaluation: "Data and evaluation",
  review: "Review and run",
};

export interface DraftParts {
  readonly overview: Overview;
  readonly start: WizardStart;
  readonly threads: number;
}

/** A new draft, or one that takes over the recipe of a variant. */
export function startDraft({ overview, start, threads }: DraftParts): Draft {
  const cloned = overview.variants.find((v) => v.id === start.clone);
  const recipe = cloned?.recipe ?? undefined;
  const baseline = overview.variants.find((v) => v.isBaseline) ?? overview.variants[0];
  const from = start.from ?? cloned?.parent ?? baseline?.id ?? "";
  const method = recipe?.method ?? start.method;
  return {
    from,
    data: overview.data.at(-1)?.id,
    name: "",
    method,
    params: method === undefined || recipe === undefined ? {} : { [method]: recipe.params },
    seed: String(recipe?.seed ?? 0),
    threads: String(recipe?.threads ?? threads),
    provider: recipe?.provider ?? "cpu",
    measure: true,
  };
}

/** What is wrong in each step, in words. A step without an entry is in order. */
export function problemsIn(
  draft: Draft,
  overview: Overview,
  method: MethodInfo | undefined,
): ReadonlyMap<Step, string> {
  const found = new Map<Step, string>();
  if (!overview.variants.some((v) => v.id === draft.from)) found.set("source", "Choose a variant to start from.");
  const isTaken = overview.variants.some((v) => v.name === draft.name.trim());
  if (draft.name.trim() !== "" && isTaken)
    found.set("source", `There is a variant called ${draft.name.trim()} already.`);
  if (method === undefined) found.set("goal", "Choose a method.");
  else {
    const wrong = problemsOf(fieldsOf(method.params), draft.params[method.id] ?? {});
    if (wrong.size > 0)
      found.set("method", wrong.size === 1 ? "One field is wrong." : `${wrong.size} fields are wrong.`);
  }
  if (!isWhole(draft.seed, 0)) found.set("evaluation", "The seed is a whole number.");
  else if (!isWhole(draft.threads, 1)) found.set("evaluation", "Threads are a whole number of at least 1.");
  return found;
}

export function isWhole(text: string, least: number): boolean {
  return /^\d+$/.test(text.trim()) && Number(text) >= least;
}

/** The draft as the engine is asked. */
export function requestOf(draft: Draft, method: MethodInfo): RunAsked {
  return {
    method: method.id,
    params: changedOf(fieldsOf(method.params), draft.params[method.id] ?? {}),
    seed: Number(draft.seed),
    threads: Number(draft.threads),
    ...(draft.provider !== "cpu" && { provider: draft.provider }),
    from: draft.from,
    ...(draft.data !== undefined && { data: draft.data }),
    ...(draft.name.trim() !== "" && { name: draft.name.trim() }),
    measure: draft.measure,
  };
}
