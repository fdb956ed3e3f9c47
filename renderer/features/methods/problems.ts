import { globMatcher } from "../../../core/base/glob.ts";
import type { MethodInfo } from "../../../core/contract/method.ts";
import type { LayerName } from "../../../core/contract/run.ts";
import type { Overview } from "../../../core/contract/views.ts";
import { fieldsOf, problemsOf, titleOf, valueOf, type Values } from "../../form/schema.ts";
import type { Draft, DraftStep } from "./draft.ts";

export const STEPS = ["source", "goal", "method", "evaluation", "review"] as const;
export type Step = (typeof STEPS)[number];

export const STEP_TITLES: Readonly<Record<Step, string>> = {
  source: "Source",
  goal: "Goal and method",
  method: "Settings",
  evaluation: "Data and evaluation",
  review: "Review and run",
};

/** Something that keeps a run from being started. */
export interface Problem {
  readonly text: string;
  /** Id of the element around the control to change. */
  readonly target: string;
  /** Key of the step of the chain. */
  readonly at?: number;
}

export type Problems = ReadonlyMap<Step, readonly Problem[]>;

export interface ProblemParts {
  readonly overview: Overview;
  readonly methods: readonly MethodInfo[];
  /** Layers of the variant to start from; undefined where they are not known yet. */
  readonly layers: readonly LayerName[] | undefined;
}

/** What is wrong in each step, in words. A step without an entry is in order. */
export function problemsIn(draft: Draft, { overview, methods, layers }: ProblemParts): Problems {
  const found = new Map<Step, Problem[]>();
  const add = (step: Step, problem: Problem): void => {
    found.set(step, [...(found.get(step) ?? []), problem]);
  };
  if (!overview.variants.some((v) => v.id === draft.from))
    add("source", { text: "Choose a variant to start from.", target: "wizard-from" });
  for (const [i, step] of draft.steps.entries()) {
    const at = step.key;
    const where = draft.steps.length > 1 ? `Step ${i + 1}: ` : "";
    const taken = nameProblem(step, draft.steps.slice(0, i), overview);
    if (taken !== undefined)
      add(where === "" ? "source" : "method", { text: `${where}${taken}`, target: "wizard-name-field", at });
    const method = methods.find((m) => m.id === step.method);
    if (method === undefined) {
      add("goal", { text: `${where}Choose a method.`, target: "wizard-methods", at });
      continue;
    }
    const fields = fieldsOf(method.params);
    for (const [name, text] of fieldProblems(step, method, i === 0 ? layers : undefined)) {
      const field = fields.find((f) => f.name === name);
      const title = field === undefined ? name : titleOf(field);
      add("method", { text: `${where}${title}: ${text}`, target: `field-${name}`, at });
    }
  }
  if (!isWhole(draft.seed, 0)) add("evaluation", { text: "The seed is a whole number.", target: "wizard-seed-field" });
  if (!isWhole(draft.threads, 1))
    add("evaluation", { text: "Threads are a whole number of at least 1.", target: "wizard-threads-field" });
  return found;
}

/** What runs and is probably not meant: a first step that needs another model and is given the one that it starts from. */
export function doubtsIn(draft: Draft, { overview, methods }: Omit<ProblemParts, "layers">): readonly string[] {
  const [step] = draft.steps;
  const from = overview.variants.find((v) => v.id === draft.from)?.name;
  const method = methods.find((m) => m.id === step?.method);
  if (step === undefined || from === undefined || method === undefined) return [];
  const values = step.params[method.id] ?? {};
  return fieldsOf(method.params)
    .filter((f) => f.schema.reference === "variant" && f.schema.isNeeded === true && valueOf(f, values) === from)
    .map((f) => `${titleOf(f)}: ${from}, the same model that the run starts from. Source has the others.`);
}

/** What is wrong with the fields of one step, by their names. */
export function fieldProblems(
  step: DraftStep,
  method: MethodInfo,
  layers: readonly LayerName[] | undefined,
): ReadonlyMap<string, string> {
  const values = step.params[method.id] ?? {};
  const fields = fieldsOf(method.params);
  const found = new Map(problemsOf(fields, values));
  for (const field of fields) {
    if (field.schema.reference !== "layer" || layers === undefined) continue;
    const unknown = unknownLayer(valueOf(field, values), layers);
    if (unknown !== undefined) found.set(field.name, `No layer is called “${unknown}”.`);
  }
  return found;
}

function unknownLayer(value: Values[string] | undefined, layers: readonly LayerName[]): string | undefined {
  if (!Array.isArray(value)) return undefined;
  const names = layers.map((l) => l.name);
  const texts = (value as readonly unknown[]).filter((v) => typeof v === "string");
  return texts.find((text) => {
    try {
      globMatcher([text], names);
      return false;
    } catch {
      return true;
    }
  });
}

function nameProblem({ name }: DraftStep, before: readonly DraftStep[], { variants }: Overview): string | undefined {
  const wish = name.trim();
  if (wish === "") return undefined;
  const isTaken = variants.some((v) => v.name === wish) || before.some((s) => s.name.trim() === wish);
  return isTaken ? `There is a variant called ${wish} already.` : undefined;
}

export function isWhole(text: string, least: number): boolean {
  return /^\d+$/.test(text.trim()) && Number(text) >= least;
}
