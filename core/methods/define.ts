import { z } from "zod";
import { LatheError } from "../base/error.ts";
import type { Applicability, Estimate, MethodFamily, MethodInfo } from "../contract/method.ts";
import type { SplitName } from "../contract/dataset.ts";
import type { Processor } from "../contract/device.ts";
import type { Emit } from "../contract/event.ts";
import type { ReportBlock } from "../contract/report.ts";
import type { Trial } from "../contract/trial.ts";
import type { Host } from "../base/host.ts";
import type { Json } from "../base/json.ts";
import type { Model } from "../graph/model.ts";
import type { SampleStream } from "../data/batches.ts";
import type { SessionOptions } from "../runtime/session.ts";
import { isTold, rateBlocks, rateWarnings, trainedRates, type TrainedRate } from "./rates.ts";
import type { ProjectFacts, Suggestion } from "./suggestion.ts";

/** What a method is given to work with. */
export interface MethodContext<P> {
  readonly model: Model;
  readonly params: P;
  readonly seed: number;
  /** The project's calibration split, prepared as the model expects it; absent where the project has no data. */
  readonly calibration: SampleStream | undefined;
  /** Any split of the same data; absent where the project has none. */
  readonly split?: (name: SplitName) => SampleStream;
  /** Where to keep what an interrupted run can go on from; absent where there is no project. */
  readonly work?: WorkFolder;
  /** A folder for what takes long to compute and any run may use again; it may be emptied at any time. Need not exist yet. */
  readonly cache?: string;
  /** The model behind a parameter that names a variant, constants in memory; absent where there is no project. */
  readonly open?: (sha256: string) => Promise<Model>;
  /** What an interrupted run has tried already, and where more is added; absent where there is no project. */
  readonly trials?: TrialLog;
  /** Told of each training of the run that is finished; what matters of its learning rate is kept with the findings. */
  readonly trained?: (training: TrainedRate) => void;
  /** Device and threads for everything the method runs. */
  readonly session: SessionOptions;
  readonly host: Host;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/** A folder of one run: another run of the same recipe on the same model and data finds what was left in it. */
export interface WorkFolder {
  /** Need not exist yet; is removed once the result is recorded. */
  readonly folder: string;
  /** Hash of recipe, model and data. */
  readonly key: string;
}

/** The finished trials of one run. They outlive the process. */
export interface TrialLog {
  /** In the order in which they were added. */
  readonly done: readonly Trial[];
  /** Returns when the trial is on disk. */
  add(trial: Trial): Promise<void>;
}

/** A further model that a run gives beside the main one: another point of a front. */
export interface OtherResult<F> {
  /** Added to the name of the main variant. */
  readonly suffix: string;
  readonly model: Model;
  readonly findings: F;
  readonly warnings: readonly string[];
}

export interface MethodResult<F> {
  readonly model: Model;
  /** What was found out on the way: chosen ranges, sensitivities, gate. Plain JSON, kept with the variant. */
  readonly findings: F;
  /** Sentences for the user: what to be careful about with this result. */
  readonly warnings: readonly string[];
  readonly others?: readonly OtherResult<F>[];
}

export interface MethodDefinition<S extends z.ZodType<object>, F extends object> {
  /** Kebab-case; people type it. The same as the folder's name. */
  readonly id: string;
  readonly family: MethodFamily;
  readonly title: string;
  readonly summary: string;
  readonly paper?: string;
  /** Version of `params`; older recipes go through `upgrade`. */
  readonly version: number;
  readonly params: S;
  /** Parameters of an older version in the form of the next one. */
  readonly upgrade?: (params: Readonly<Record<string, Json>>, from: number) => Record<string, Json>;
  /** Parameters as a recipe keeps them, where some leave something to the machine. */
  readonly settle?: (params: z.output<S>, here: Processor) => z.output<S>;
  /** Whether a run with these parameters reads calibration samples. */
  readonly needsData: (params: z.output<S>) => boolean;
  /** Whether it can run on this model, and what to know before it does. Fast; reads no data. */
  readonly applies: (model: Model) => Applicability;
  /** @param samples that there are to train on */
  readonly estimate: (model: Model, params: z.output<S>, samples: number) => Estimate;
  /** What a run finds out and is kept with the variant. Every reading goes through it, so `report` and `layers` get nothing else. */
  readonly findings: z.ZodType<F>;
  /** Loads the implementation when it is first needed. */
  readonly load: () => Promise<{ readonly run: (context: MethodContext<z.output<S>>) => Promise<MethodResult<F>> }>;
  /** Report blocks that explain one result. */
  readonly report: (findings: F, params: z.output<S>) => readonly ReportBlock[];
  /** What was found out of single layers, for those who compare them; absent where it is nothing. */
  readonly layers?: (findings: F) => readonly LayerFinding[];
  /** Parameters of a run whose result is one trial of an earlier run; absent where a trial is no model. */
  readonly again?: (params: z.output<S>, trial: Pick<Trial, "point">) => z.input<S>;
  /** Whether measurements say that it is a thing to do next, and why; absent for one that never suggests itself. */
  readonly suggest?: (facts: ProjectFacts) => Suggestion | undefined;
}

/** What a method knows of one layer of its result. */
export interface LayerFinding {
  readonly node: string;
  /** To which the weights were rounded, where the type in which they are stored does not say. */
  readonly bits?: number;
  /** Share of the weights that are zero, in [0, 1]. */
  readonly sparsity?: number;
  /** Signal to quantisation noise of the weights, in dB. */
  readonly sqnr?: number;
  /** Divergence of the outputs where this layer alone is as in the result, in nats. */
  readonly sensitivity?: number;
  /** Signal to noise of those outputs, in dB. */
  readonly error?: number;
}

/** Samples that an estimate assumes where there is no data. */
const ASSUMED_SAMPLES = 10_000;

/** Findings as they are kept: with the learning rates of a run's trainings. */
const rated = z.object({ trainings: trainedRates.optional() });
type Rated<F> = F & z.output<typeof rated>;

const BRAND: unique symbol = Symbol.for("lathe.method");

/** A method with its parameter type closed over, as the catalogue hands it out. */
export interface Method {
  readonly [BRAND]: true;
  readonly info: MethodInfo;
  needsData(params: Record<string, Json>): boolean;
  /** Full parameters from partial ones; throws `invalid-recipe` that names each wrong parameter. */
  parse(params: unknown): Record<string, Json>;
  upgrade(params: Readonly<Record<string, Json>>, from: number): Record<string, Json>;
  /** Full parameters in which nothing is left to the machine. */
  settle(params: Record<string, Json>, here: () => Promise<Processor>): Promise<Record<string, Json>>;
  applies(model: Model): Applicability;
  /** @param samples that there are to train on; some number where there are none yet */
  estimate(model: Model, params: Record<string, Json>, samples?: number): Estimate;
  run(context: MethodContext<Record<string, Json>>): Promise<MethodResult<Json>>;
  /** @throws invalid-project for findings that are damaged, invalid-recipe for such parameters */
  report(findings: Json, params: Record<string, Json>): readonly ReportBlock[];
  /** @throws invalid-project for findings that are damaged */
  layers(findings: Json): readonly LayerFinding[];
  /** Undefined where a trial of this method is no model of its own. */
  again(params: Record<string, Json>, trial: Pick<Trial, "point">): Record<string, Json> | undefined;
  /** Undefined where nothing that was measured speaks for it. */
  suggest(facts: ProjectFacts): Suggestion | undefined;
}

/** Defines a method; the default export of its `method.ts`. */
export function defineMethod<S extends z.ZodType<object>, F extends object>(
  definition: MethodDefinition<S, F>,
): Method {
  const { id, family, title, summary, paper, version, params } = definition;
  const parse = (given: unknown): z.output<S> => {
    const parsed = params.safeParse(given);
    if (parsed.success) return parsed.data;
    const issues = parsed.error.issues.map((issue) => `${issue.path.join(".") || "parameters"}: ${issue.message}`);
    throw new LatheError("invalid-recipe", `${id}: ${issues.join("; ")}.`, {
      hint: `"lathe methods ${id}" lists the parameters.`,
      details: { issues: issues },
    });
  };
  const readBy = <T>(schema: z.ZodType<T>, kept: Json): T => {
    const parsed = schema.safeParse(kept);
    if (parsed.success) return parsed.data;
    throw new LatheError("invalid-project", `What ${id} found out is damaged: ${issuesOf(parsed.error)}.`, {
      hint: "Restore project.sqlite from a backup, or run the recipe again.",
    });
  };
  const readFindings = (kept: Json): Rated<F> => ({ ...readBy(definition.findings, kept), ...readBy(rated, kept) });
  const info: MethodInfo = {
    id,
    family,
    title,
    summary,
    ...(paper !== undefined && { paper }),
    version,
    params: z.toJSONSchema(params, { io: "input" }) as MethodInfo["params"],
  };
  return Object.freeze<Method>({
    [BRAND]: true,
    info,
    needsData: (given) => definition.needsData(parse(given)),
    parse: (given) => parse(given) as Record<string, Json>,
    upgrade: (given, from) => upgradeTo(definition, given, from),
    settle: async (given, here) =>
      definition.settle === undefined ? given : (definition.settle(parse(given), await here()) as Record<string, Json>),
    applies: definition.applies,
    estimate: (model, given, samples = ASSUMED_SAMPLES) => definition.estimate(model, parse(given), samples),
    run: async (context) => {
      const { run } = await definition.load();
      const trainings: TrainedRate[] = [];
      const trained = (training: TrainedRate): void => {
        if (isTold(training)) trainings.push(training);
      };
      const result = await run({ ...context, params: parse(context.params), trained });
      // Through text, so that what is kept is what a later reader will see.
      const plain = (findings: F): Json => {
        const kept: Rated<F> = { ...findings, ...(trainings.length > 0 && { trainings }) };
        const text = JSON.parse(JSON.stringify(kept)) as Json;
        readFindings(text);
        return text;
      };
      const others = result.others?.map((other) => ({ ...other, findings: plain(other.findings) }));
      const warnings = [...result.warnings, ...rateWarnings(trainings)];
      return { ...result, findings: plain(result.findings), warnings, ...(others && { others }) } as MethodResult<Json>;
    },
    report: (findings, given) => [
      ...definition.report(readFindings(findings), parse(given)),
      ...rateBlocks(readFindings(findings).trainings ?? []),
    ],
    layers: (findings) => definition.layers?.(readFindings(findings)) ?? [],
    again: (given, tried) => definition.again?.(parse(given), tried) as Record<string, Json> | undefined,
    suggest: (facts) => definition.suggest?.(facts),
  });
}

/** The first few things that are wrong, each with where it is. */
function issuesOf({ issues }: z.ZodError): string {
  const told = issues.slice(0, 3).map(({ path, message }) => `${path.join(".") || "all of it"}: ${message}`);
  return issues.length > told.length ? `${told.join("; ")}; and ${issues.length - told.length} more` : told.join("; ");
}

/** Whether a value loaded from a module is a method. */
export function isMethod(candidate: unknown): candidate is Method {
  return typeof candidate === "object" && candidate !== null && BRAND in candidate;
}

function upgradeTo<S extends z.ZodType<object>, F extends object>(
  { id, version, upgrade }: MethodDefinition<S, F>,
  given: Readonly<Record<string, Json>>,
  from: number,
): Record<string, Json> {
  if (from > version) {
    throw new LatheError("newer-version", `The recipe is for version "${from}" of ${id}; this Lathe has ${version}.`, {
      hint: "Update Lathe.",
    });
  }
  let params = { ...given };
  for (let v = from; v < version; v++) params = upgrade?.(params, v) ?? params;
  return params;
}
