import { LatheError } from "../base/error.ts";
import { hash } from "../base/hash.ts";
import type { Json } from "../base/json.ts";
import type { JobPlan, JobStep, Tryout } from "../contract/jobs.ts";
import type { MethodInfo, ParameterSchema } from "../contract/method.ts";
import type { SampleStream } from "../data/batches.ts";
import type { Model } from "../graph/model.ts";
import { findMethod } from "../methods/catalogue.ts";
import type { Method } from "../methods/define.ts";
import { loadTensors, readModel } from "../onnx/read.ts";
import { readPeak } from "../runtime/peakMemory.ts";
import { withModelFile } from "./modelFiles.ts";
import { checkApplies } from "./produce.ts";
import { findData, variantOf, type Project, type Work } from "./project.ts";
import { inputOf } from "./modelInput.ts";
import { openData, type OpenedData } from "./projectData.ts";
import { atPreparedSizes } from "./preparedSizes.ts";
import { openReferenced } from "./references.ts";
import { openTrialLog } from "./trialLog.ts";

export interface TryOutOptions extends Work {
  /** Folder for what the runs leave on the way; it is removed. */
  readonly work: string;
}

/**
 * Runs the steps of a plan one after another on a few samples and for one epoch, to see whether they work and what they
 * take. Nothing of the project changes.
 * @throws what the steps throw
 */
export async function tryOut(project: Project, plan: JobPlan, options: TryOutOptions): Promise<Tryout> {
  const { host } = project;
  const { signal, emit, work } = options;
  const since = host.clock.milliseconds();
  const methods = await Promise.all(plan.steps.map((step) => findMethod(step.method)));
  const from = variantOf(project, plan.from?.variant ?? "");
  const needsData = methods.some((method, i) => method.needsData(plan.steps[i]?.params ?? {}));
  const data = needsData ? await dataOf(project, plan, options) : undefined;
  try {
    return await withModelFile(project, from, async (path) => {
      let model = await loadTensors(await readModel(path, host), host);
      const samples = Math.max(plan.tryout ?? 1, fixedBatchOf(model));
      const made = new Map<string, Model>();
      const steps: Tryout["steps"] = [];
      for (const [i, method] of methods.entries()) {
        const step = plan.steps[i]!;
        const started = host.clock.milliseconds();
        emit({ kind: "stage", name: `Trying ${method.info.title}` });
        checkApplies(method, from, model);
        const result = await runStep(project, { method, step, model, data, samples, made, number: i }, options);
        model = result.model;
        if (step.name !== undefined) made.set(step.name, model);
        steps.push({
          method: method.info.id,
          seconds: (host.clock.milliseconds() - started) / 1000,
          nodes: model.graph.nodes.length,
          warnings: [...result.warnings],
        });
        emit({ kind: "progress", done: i + 1, total: methods.length, unit: "steps" });
      }
      signal.throwIfAborted();
      return { samples, seconds: (host.clock.milliseconds() - since) / 1000, memory: readPeak(), steps };
    });
  } finally {
    await data?.close();
    await host.files.remove(work);
  }
}

interface TriedStep {
  readonly method: Method;
  readonly step: JobStep;
  readonly model: Model;
  readonly data: OpenedData | undefined;
  readonly samples: number;
  /** What earlier steps made, by the names that they gave it. */
  readonly made: ReadonlyMap<string, Model>;
  readonly number: number;
}

async function runStep(
  project: Project,
  { method, step, model, data, samples, made, number }: TriedStep,
  { signal, emit, work }: TryOutOptions,
): ReturnType<Method["run"]> {
  const { host } = project;
  const folder = host.files.join(work, `tryout-${number + 1}`);
  await host.files.makeFolder(folder);
  const trials = openTrialLog(host.files.join(folder, "trials.jsonl"), () => undefined);
  const few = (stream: SampleStream): SampleStream => stream.select(spread(stream.indices, samples));
  try {
    return await method.run({
      model: atPreparedSizes(model, data?.data.preprocessing),
      params: smaller(method.info, step.params, samples),
      seed: step.seed,
      calibration: data && few(data.stream("calibration")),
      ...(data && { split: (name) => few(data.stream(name)) }),
      work: { folder, key: hash(`tryout ${number}`) },
      open: async (reference) => {
        const own = made.get(reference) ?? (await openReferenced(project, reference));
        return atPreparedSizes(own, data?.data.preprocessing);
      },
      trials,
      session: { threads: step.threads, ...(step.provider && { provider: step.provider }) },
      host,
      signal,
      emit,
    });
  } finally {
    trials.close();
  }
}

/**
 * The parameters of a tryout: as given, but for at most one epoch, at most so many samples, and what the parameters say
 * themselves.
 */
export function smaller(
  info: Pick<MethodInfo, "params">,
  params: Readonly<Record<string, Json>>,
  samples: number,
): Record<string, Json> {
  const properties = (info.params["properties"] ?? {}) as unknown as Readonly<Record<string, ParameterSchema>>;
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, smallerValue(value, properties[name] ?? {}, samples)]),
  );
}

const MOST_EPOCHS = 1;

function smallerValue(value: Json, schema: ParameterSchema, samples: number): Json {
  const { tryout, unit, minimum = -Infinity } = schema;
  const most = tryout ?? (unit === "epochs" ? MOST_EPOCHS : unit === "samples" ? samples : undefined);
  if (most === undefined) return value;
  if (typeof value === "number" && typeof most === "number") return Math.max(minimum, Math.min(value, most));
  return most;
}

/** So many of the samples, from all over, so that classes that stand one behind the other are all there. */
function spread(indices: Int32Array, count: number): Int32Array {
  if (indices.length <= count) return indices;
  return Int32Array.from({ length: count }, (_, i) => indices[Math.floor((i * indices.length) / count)]!);
}

/** The batch that a model is fixed to; 1 where it takes any. */
function fixedBatchOf(model: Model): number {
  const [batch] = inputOf(model).dims;
  return typeof batch === "number" ? batch : 1;
}

async function dataOf(project: Project, plan: JobPlan, work: Work): Promise<OpenedData> {
  const stored = findData(project, plan.data);
  if (stored !== undefined) return openData(project, stored, work);
  throw new LatheError("not-found", "The method needs samples, and this project has no data.", {
    hint: "Import some first: lathe import data PATH.",
  });
}
