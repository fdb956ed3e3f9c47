import { throwIfCancelled } from "../base/cancel.ts";
import { LatheError, toLatheError } from "../base/error.ts";
import type { Host } from "../base/host.ts";
import type { Json } from "../base/json.ts";
import type { JobFailure, JobPlan, JobStep } from "../contract/jobs.ts";
import type { Recipe, Variant } from "../contract/project.ts";
import { addMethods, findMethod } from "../methods/catalogue.ts";
import { lockJob, type Lock } from "../store/lock.ts";
import { jobFolder, readPlan, writeRecord, type JobFolder } from "./jobFolder.ts";
import type { FromJob, JobPort, ToJob } from "./jobMessages.ts";
import { startReporter, type JobReporter } from "./jobReporter.ts";
import { openLines } from "./lines.ts";
import { takeMeasurements } from "./measureVariants.ts";
import { produce } from "./produce.ts";
import { openProject, variantOf, type Project, type Work } from "./project.ts";
import { resolveReferences } from "./references.ts";
import { tryOut } from "./tryout.ts";
import { watchUsage } from "./usage.ts";

/** Milliseconds that a process waits for the one before it to let go of the job. */
const PATIENCE = 30_000;

/** Milliseconds after which a process whose engine is gone ends in any case. */
const GRACE = 10_000;

export interface JobSurroundings {
  readonly host: Host;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
}

type Start = Extract<ToJob, { kind: "start" }>;

/**
 * Does the work of one job: waits for the engine to say which, runs the steps that are not done yet, and leaves what they
 * came to in the job's folder for the engine to record. Stops at the next checkpoint when it is told to, or when the
 * engine is gone.
 */
export async function runJob(port: JobPort, { host, exit }: JobSurroundings): Promise<void> {
  const control = new AbortController();
  const stop = (): void => control.abort(new LatheError("cancelled", "Cancelled."));
  const link = { isLost: false };
  let answered: ((message: ToJob) => void) | undefined;
  port.onClose(() => {
    link.isLost = true;
    stop();
    setTimeout(() => exit(1), GRACE).unref();
    answered?.({ kind: "stop" });
  });
  const started = new Promise<Start | undefined>((resolve) => {
    port.onClose(() => resolve(undefined));
    port.onMessage((message) => {
      if (message.kind === "start") resolve(message);
      else if (message.kind === "stop") stop();
      else answered?.(message);
    });
  });
  /** Tells the engine that something is on disk, and waits until it has recorded it. */
  const ask = async (message: FromJob): Promise<ToJob> => {
    const answer = new Promise<ToJob>((resolve) => (answered = resolve));
    port.send(message);
    const said = await answer;
    if (said.kind === "stop") throwIfCancelled(control.signal);
    return said;
  };
  const start = await started;
  if (start === undefined) return;
  try {
    await inFolder(start, { port, host, ask, signal: control.signal });
    port.send({ kind: "end", outcome: "done" });
  } catch (thrown) {
    // What goes wrong once nobody answers may be due to that alone: a later engine finds the job interrupted.
    if (link.isLost) return;
    if (control.signal.aborted) port.send({ kind: "end", outcome: "stopped" });
    else port.send({ kind: "end", outcome: "failed", failure: failureOf(thrown) });
  }
}

interface Surroundings {
  readonly port: JobPort;
  readonly host: Host;
  readonly ask: (message: FromJob) => Promise<ToJob>;
  readonly signal: AbortSignal;
}

async function inFolder(start: Start, { port, host, ask, signal }: Surroundings): Promise<void> {
  const folder = jobFolder(start.project, start.job);
  const lock = await waitForLock(folder, { host, signal });
  const lines = openLines(folder.events);
  const reporter = startReporter(lines, host.clock, (at, event) => port.send({ kind: "event", at, event }));
  const stopWatching = watchUsage((usage) =>
    port.send({ kind: "event", at: host.clock.now(), event: { kind: "usage", ...usage } }),
  );
  try {
    if (start.methods !== undefined) await addMethods(start.methods);
    const plan = readPlan(folder);
    if (plan === undefined) {
      throw new LatheError("invalid-project", `Job "${start.job}" has lost what it is to do.`, {
        hint: "Remove it, and submit it again.",
      });
    }
    // On the project's own disk, so that large files need not be copied.
    const project = { ...(await openProject(start.project, "read", host)), scratch: folder.work };
    try {
      await runPlan({ project, plan, folder, start, reporter, port, ask, signal });
    } finally {
      project.store.close();
    }
  } finally {
    stopWatching();
    reporter.flush();
    lines.close();
    lock.release();
  }
}

/** Two processes never work on one job: the one before may still be on its way out. */
async function waitForLock(folder: JobFolder, { host, signal }: Pick<Surroundings, "host" | "signal">): Promise<Lock> {
  const until = host.clock.milliseconds() + PATIENCE;
  for (;;) {
    const lock = lockJob(folder.path, host.clock.now());
    if (lock !== undefined) return lock;
    throwIfCancelled(signal);
    if (host.clock.milliseconds() > until) {
      throw new LatheError("locked", `Another process still works in "${folder.path}".`, {
        hint: "Wait until it has ended, then resume the job.",
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

interface PlanRun {
  readonly project: Project;
  readonly plan: JobPlan;
  readonly folder: JobFolder;
  readonly start: Start;
  readonly reporter: JobReporter;
  readonly port: JobPort;
  readonly ask: Surroundings["ask"];
  readonly signal: AbortSignal;
}

async function runPlan(run: PlanRun): Promise<void> {
  const { project, plan, start, reporter } = run;
  if (plan.tryout !== undefined) {
    const tried = await tryOut(project, plan, { emit: reporter.tell, signal: run.signal, work: run.folder.work });
    await writeRecord(run.folder.tryout, tried, project.host);
    await run.ask({ kind: "tried" });
    return;
  }
  const made = [...start.made];
  for (const [i, step] of plan.steps.entries()) {
    if (i < made.length) continue;
    reporter.tell({ kind: "step", step: i + 1, steps: plan.steps.length, method: step.method });
    made.push(await runStep(run, { step, i, made }));
  }
  const known = new Set(project.store.variants().map((v) => v.id));
  const wanted = [...made.filter((_, i) => plan.steps[i]?.measure === true).flat(), ...plan.measure];
  const left = wanted.filter((id) => known.has(id));
  if (!start.isMeasured && wanted.length > 0) await measure(run, left);
}

interface StepRun {
  readonly step: JobStep;
  readonly i: number;
  readonly made: readonly (readonly string[])[];
}

/** Runs one step and has its models recorded. @returns ids of the variants */
async function runStep(run: PlanRun, { step, i, made }: StepRun): Promise<string[]> {
  const { project, plan, folder, reporter, port, ask } = run;
  const work: Work = { signal: run.signal, emit: reporter.tell };
  const { info } = await findMethod(step.method);
  const params = await resolveReferences(project, { info, params: withMade(step.params, plan, made) }, work);
  const recipe: Recipe = {
    lathe: 1,
    method: step.method,
    version: step.version,
    params,
    seed: step.seed,
    threads: step.threads,
    ...(step.provider && { provider: step.provider }),
    ...(plan.fingerprint !== undefined && { data: plan.fingerprint }),
    ...(plan.calibration && { calibration: plan.calibration }),
  };
  const output = await produce(project, recipe, {
    ...work,
    from: sourceOf(project, plan, made[i - 1]),
    name: step.name,
    data: plan.data,
    work: folder.work,
    onTrials: (origin, trials, first) => port.send({ kind: "trials", origin, trials, first }),
  });
  await writeRecord(folder.output(i + 1), output, project.host);
  const answer = await ask({ kind: "output", step: i + 1 });
  const variants = answer.kind === "recorded" ? answer.variants : [];
  for (const { id, name } of variants) reporter.tell({ kind: "variant", variant: id, name });
  return variants.map((v) => v.id);
}

/** A parameter may name what an earlier step has made by the name that the step gave it. */
function withMade(
  params: Readonly<Record<string, Json>>,
  { steps }: JobPlan,
  made: StepRun["made"],
): Record<string, Json> {
  const ids = new Map(
    steps.flatMap(({ name }, i) => {
      const id = made[i]?.[0];
      return name === undefined || id === undefined ? [] : [[name, id] as const];
    }),
  );
  const swap = (value: Json): Json => (typeof value === "string" ? (ids.get(value) ?? value) : value);
  return Object.fromEntries(Object.entries(params).map(([key, value]) => [key, swap(value)]));
}

function sourceOf(project: Project, { from }: JobPlan, before: readonly string[] | undefined): Variant {
  const [id] = before ?? [];
  if (id !== undefined) return variantOf(project, id);
  const found = project.store.variants().find((v) => v.id === from?.variant && v.model.sha256 === from.sha256);
  if (found !== undefined) return found;
  throw new LatheError("not-found", `The variant "${from?.variant ?? ""}" that the job starts from is gone.`, {
    hint: "Submit the job again from another variant.",
  });
}

async function measure(run: PlanRun, ids: readonly string[]): Promise<void> {
  const { project, plan, folder, reporter, ask, signal } = run;
  const variants = ids.map((id) => variantOf(project, id));
  const measured = await takeMeasurements(project, variants, {
    signal,
    emit: reporter.tell,
    data: plan.data,
    skipUnrunnable: plan.steps.length === 0,
  });
  const records = measured.flatMap(({ id, measurements }) =>
    measurements === null ? [] : [{ variant: id, measurements }],
  );
  await writeRecord(folder.measured, records, project.host);
  await ask({ kind: "measured" });
  reporter.tell({ kind: "measured", variants: records.map((r) => r.variant) });
}

function failureOf(thrown: unknown): JobFailure {
  const { code, message, hint } = toLatheError(thrown);
  return { code, message, ...(hint !== undefined && { hint }) };
}
