import { formatBytes } from "../base/format.ts";
import type { JobView, Tryout } from "../contract/jobs.ts";
import type { Variant } from "../contract/project.ts";
import type { Engine } from "../app/jobs.ts";
import type { Project } from "../app/project.ts";
import type { Io } from "./io.ts";
import { blockTable } from "./table.ts";

interface ForegroundJob {
  readonly project: Project;
  readonly engine: Engine;
  /** Submits or resumes the job. */
  readonly begin: () => Promise<JobView> | JobView;
}

/** Begins a job, shows how it goes, and says what came of it. Ctrl+C cancels it. @throws what kept it from its end */
export async function runJob(
  io: Io,
  { project, engine, begin }: ForegroundJob,
): Promise<{
  readonly variant?: Variant;
  readonly variants: readonly Variant[];
  readonly job: string;
  readonly tryout?: Tryout;
}> {
  const { followJob, checkDone } = await import("../app/jobFollow.ts");
  const job = await followJob(engine, begin, io);
  checkDone(job);
  if (job.tryout !== undefined) {
    io.print(`It works. ${tryoutText(job.tryout)}`);
    for (const step of job.tryout.steps) for (const warning of step.warnings) io.print(`Careful: ${warning}`);
  }
  const all = new Map(project.store.variants().map((v) => [v.id, v]));
  const variants = job.made.flat().flatMap((id) => all.get(id) ?? []);
  for (const { name, id, model, warnings } of variants) {
    io.print(`Made "${name}" (${id}): ${formatBytes(model.bytes)}, SHA-256 ${model.sha256}`);
    for (const warning of warnings) io.print(`Careful: ${warning}`);
  }
  const measured = [...variants.filter((v) => v.measurements !== null).map((v) => v.id), ...job.plan.measure];
  if (measured.length > 0) {
    const { compareVariants, comparisonTable } = await import("../app/compare.ts");
    io.print(`\n${blockTable(comparisonTable(compareVariants(project, measured)))}`);
  }
  // The main one of the last step is what was asked for.
  const last = job.made.at(-1)?.[0];
  const variant = all.get(last ?? "");
  return { ...(variant && { variant }), variants, job: job.id, ...(job.tryout && { tryout: job.tryout }) };
}

/** What a tryout took, in a sentence. */
export function tryoutText({ samples, seconds, memory }: Tryout): string {
  return `${samples} samples took ${seconds.toFixed(1)} s and at most ${formatBytes(memory)} of memory.`;
}
