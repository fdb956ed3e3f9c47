import type { Command } from "commander";
import { formatBytes, formatPercent } from "../../base/format.ts";
import type { Job, JobHappening, JobLogEntry, JobProgress, JobState } from "../../contract/jobs.ts";
import type { Project } from "../../app/project.ts";
import { act, inProject, withProjectOption, wholeNumber, type Io, type ProjectOptions, type Run } from "../io.ts";
import { runJob, tryoutText } from "../job.ts";
import { textTable } from "../table.ts";

const HELP = `
Work runs as jobs, each in a process of its own. There is no service in the background: a job runs while lathe run,
lathe jobs run or the desktop has the project open. lathe run --queue only queues; lathe jobs run works the queue off.`;

/** jobs: list, show, log, run, resume, pause, cancel, remove. */
export function addJobsCommand(program: Command, run: Run): void {
  const jobs = withProjectOption(program.command("jobs"))
    .description("list the jobs of a project; run, resume, pause, cancel and remove them")
    .helpCommand(false)
    .enablePositionalOptions()
    .addHelpText("after", HELP);
  jobs.option("--archived", "list those too that were archived");
  act<ListOptions>(jobs, run, (io, options) => inProject(options, "read", (project) => list(io, project, options)));
  addShow(jobs, run);
  addLog(jobs, run);
  addRun(jobs, run);
  addResume(jobs, run);
  addWishes(jobs, run);
  addPriority(jobs, run);
  addArchive(jobs, run);
  addRemove(jobs, run);
}

interface ListOptions extends ProjectOptions {
  readonly archived?: boolean;
}

async function list(io: Io, project: Project, { archived = false }: ListOptions): Promise<unknown> {
  const listed = project.store.jobs.list().filter((job) => archived || job.archivedAt === undefined);
  const jobs = await Promise.all(listed.map((job) => withProgress(project, job)));
  if (jobs.length === 0) io.print("There are no jobs yet: lathe run METHOD, or lathe run METHOD --queue.");
  else {
    const columns = [
      { title: "Id" },
      { title: "State" },
      { title: "Done", isNumber: true },
      { title: "Time", isNumber: true },
    ];
    const rows = jobs.map((job) => [job.id, job.state, doneText(job), timeText(job), job.title, noteText(job)]);
    io.print(textTable([...columns, { title: "What" }, { title: "Note" }], rows));
  }
  return { jobs };
}

type Shown = Job & { readonly progress?: JobProgress };

const WORKING: readonly JobState[] = ["running", "cancelling"];

/** How a job stands that another process works on. */
async function withProgress({ store }: Project, job: Job): Promise<Shown> {
  if (!WORKING.includes(job.state)) return job;
  const [{ progressOfLog }, { jobFolder, readLog }] = await Promise.all([
    import("../../app/jobProgress.ts"),
    import("../../app/jobFolder.ts"),
  ]);
  return { ...job, progress: progressOfLog(readLog(jobFolder(store.folder, job.id)), job.plan.steps.length) };
}

function doneText({ state, progress }: Shown): string {
  if (state === "done") return "100 %";
  return progress === undefined || progress.total === 0 ? "" : formatPercent(progress.done / progress.total, 0);
}

function timeText({ state, seconds, estimate, progress }: Shown): string {
  if (progress?.secondsLeft !== undefined) return `${duration(progress.secondsLeft)} left`;
  if (state === "queued" && seconds === 0) return estimate === undefined ? "" : `about ${duration(estimate.seconds)}`;
  return duration(seconds);
}

function noteText({ failure, reason, made: steps, progress }: Shown): string {
  const made = steps.flat();
  return failure?.message ?? reason ?? progress?.stage ?? (made.length > 0 ? `made ${made.join(", ")}` : "");
}

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.ceil(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

async function jobOf({ store }: Project, id: unknown): Promise<Job> {
  const found = store.jobs.find(String(id));
  if (found !== undefined) return found;
  const { LatheError } = await import("../../base/error.ts");
  const all = store.jobs.list().map((j) => j.id);
  throw new LatheError("not-found", `There is no job "${String(id)}" in this project.`, {
    hint: all.length === 0 ? "There are none yet: lathe run METHOD." : `Jobs: ${all.join(", ")}.`,
  });
}

function addShow(jobs: Command, run: Run): void {
  const command = withProjectOption(jobs.command("show"))
    .argument("<id>", "see lathe jobs")
    .description("show all that is known of a job");
  act<ProjectOptions>(command, run, (io, options, [id]) =>
    inProject(options, "read", async (project) => {
      const job = await withProgress(project, await jobOf(project, id));
      const { plan, estimate, progress, failure, reason } = job;
      const names = new Map(project.store.variants().map((v) => [v.id, v.name]));
      const rows = [
        ["Job", `${job.id}: ${job.title}`],
        ["State", reason === undefined ? job.state : `${job.state}. ${reason}`],
        ...(failure === undefined ? [] : [["Failure", [failure.message, failure.hint].filter(Boolean).join(" ")]]),
        ["Submitted", job.at],
        ...(job.startedAt === undefined ? [] : [["Started", job.startedAt]]),
        ...(job.endedAt === undefined ? [] : [["Ended", job.endedAt]]),
        ["Ran", `${duration(job.seconds)}, ${job.attempts} ${job.attempts === 1 ? "attempt" : "attempts"}`],
        ["Priority", String(job.priority)],
        ...(estimate === undefined
          ? []
          : [
              [
                "Estimate",
                `${duration(estimate.seconds)}, ${formatBytes(estimate.memory)} of memory, ${formatBytes(estimate.disk)} of disk`,
              ],
            ]),
        ...(progress === undefined ? [] : [["Now", progressText(progress)]]),
        ...(plan.from === undefined ? [] : [["From", `${names.get(plan.from.variant) ?? "?"} (${plan.from.variant})`]]),
        ...plan.steps.map(({ method, params }, i) => {
          const made = (job.made[i] ?? []).map((v) => `${names.get(v) ?? "?"} (${v})`);
          const outcome = made.length === 0 ? "" : ` → ${made.join(", ")}`;
          return [`Step ${i + 1}`, `${method} ${JSON.stringify(params)}${outcome}`];
        }),
        ["Trials", String(project.store.trials.count({ job: job.id }))],
        ...(job.tryout === undefined ? [] : [["Tried", tryoutText(job.tryout)]]),
      ];
      const width = Math.max(...rows.map(([name = ""]) => name.length));
      io.print(rows.map(([name = "", value = ""]) => `${name.padEnd(width)}  ${value}`).join("\n"));
      return { job };
    }),
  );
}

function progressText({ stage, step, steps, done, total, unit, secondsLeft }: JobProgress): string {
  const parts = [
    steps > 1 ? `step ${step} of ${steps}` : "",
    stage,
    total > 0 ? `${done} of ${total} ${unit}` : "",
    secondsLeft === undefined ? "" : `${duration(secondsLeft)} left`,
  ];
  return parts.filter((p) => p !== "").join(", ");
}

function addLog(jobs: Command, run: Run): void {
  const command = withProjectOption(jobs.command("log"))
    .argument("<id>", "see lathe jobs")
    .option("--from <entry>", "leave out so many entries", wholeNumber(0), 0)
    .description("print what has happened in a job");
  act<ProjectOptions & { readonly from: number }>(command, run, (io, options, [id]) =>
    inProject(options, "read", async (project) => {
      const job = await jobOf(project, id);
      const { jobFolder, readLog } = await import("../../app/jobFolder.ts");
      const entries = readLog(jobFolder(project.store.folder, job.id), options.from);
      for (const line of entries.flatMap(lineOf)) io.print(line);
      return { job: job.id, entries };
    }),
  );
}

function lineOf({ at, event }: JobLogEntry): readonly string[] {
  const text = textOf(event);
  return text === undefined ? [] : [`${at.replace("T", " ").replace(/\.\d+Z$/, "")}  ${text}`];
}

function textOf(event: JobHappening): string | undefined {
  switch (event.kind) {
    case "stage":
      return event.name;
    case "message":
      return `${event.level}: ${event.text}`;
    case "metric":
      return `${event.name} ${event.value}`;
    case "progress":
      return `${event.done} of ${event.total} ${event.unit}`;
    case "state":
      return event.reason === undefined ? `[${event.state}]` : `[${event.state}] ${event.reason}`;
    case "step":
      return `Step ${event.step} of ${event.steps}: ${event.method}`;
    case "variant":
      return `Made "${event.name}" (${event.variant})`;
    case "measured":
      return `Measured ${event.variants.join(", ")}`;
    case "failure":
      return `error: ${event.message}`;
    case "trials":
    case "usage":
      return undefined;
  }
}

function addRun(jobs: Command, run: Run): void {
  const command = withProjectOption(jobs.command("run")).description(
    "work the queue off, as many jobs at a time as cores and memory allow; Ctrl+C leaves the rest in the queue",
  );
  act<ProjectOptions>(command, run, (io, options) =>
    inProject(options, "write", async (project) => {
      const { openEngine } = await import("../../app/jobs.ts");
      const { throwIfCancelled } = await import("../../base/cancel.ts");
      const engine = await openEngine(project);
      const taken = engine.list().filter((j) => j.state === "queued" || j.state === "running");
      const close = (): void => void engine.close();
      io.signal.addEventListener("abort", close, { once: true });
      if (taken.length === 0) io.print("Nothing is queued.");
      const over = new AbortController();
      const telling = (async () => {
        for await (const { job, event } of engine.events(over.signal)) tell(io, job, event);
      })();
      await engine.idle();
      await engine.close();
      over.abort();
      await telling;
      io.signal.removeEventListener("abort", close);
      throwIfCancelled(io.signal);
      return { jobs: taken.map((j) => project.store.jobs.find(j.id) ?? j) };
    }),
  );
}

/** Several jobs may run at once, so each line says whose it is. */
function tell(io: Io, job: string, event: JobHappening): void {
  if (event.kind === "progress") io.emit(event);
  const text = event.kind === "metric" || event.kind === "progress" ? undefined : textOf(event);
  if (text !== undefined) io.print(`${job}  ${text}`);
}

function addResume(jobs: Command, run: Run): void {
  const command = withProjectOption(jobs.command("resume"))
    .argument("<ids...>", "paused, interrupted, cancelled or failed jobs")
    .option("--queue", "only put them back into the queue")
    .description("go on with jobs from their last checkpoints");
  act<ProjectOptions & { readonly queue?: boolean }>(command, run, (io, options, [ids]) =>
    inProject(options, "write", async (project) => {
      const { openEngine } = await import("../../app/jobs.ts");
      const engine = await openEngine(project, { takes: options.queue === true ? "none" : "own" });
      try {
        const results: unknown[] = [];
        for (const id of (ids ?? []) as readonly string[]) {
          if (options.queue !== true)
            results.push(await runJob(io, { project, engine, begin: () => engine.resume(id) }));
          else {
            results.push({ job: engine.resume(id) });
            io.print(`Queued ${id}. Work the queue off with: lathe jobs run.`);
          }
        }
        return { resumed: results };
      } finally {
        await engine.close();
      }
    }),
  );
}

/** Where another process has the project, it is asked; otherwise nobody works on the job, and its record is changed. */
function addWishes(jobs: Command, run: Run): void {
  for (const wish of ["pause", "cancel"] as const) {
    const command = withProjectOption(jobs.command(wish))
      .argument("<id>", "see lathe jobs")
      .description(
        wish === "pause" ? "have a job stop at a checkpoint, to be resumed later" : "cancel a job; it can be resumed",
      );
    act<ProjectOptions>(command, run, async (io, options, [id]) => {
      const asked = await inProject(options, "read", async (project) => {
        const job = await jobOf(project, id);
        return { job, folder: project.store.folder };
      });
      try {
        return await inProject(options, "write", async (project) => {
          const { openEngine } = await import("../../app/jobs.ts");
          const engine = await openEngine(project, { takes: "none" });
          const job = engine[wish](asked.job.id);
          await engine.close();
          io.print(`${job.id} is ${job.state}.`);
          return { job };
        });
      } catch (thrown) {
        const { toLatheError } = await import("../../base/error.ts");
        if (toLatheError(thrown).code !== "locked") throw thrown;
        const { leaveWish } = await import("../../app/jobWishes.ts");
        leaveWish(asked.folder, asked.job.id, wish);
        io.print(`Asked the process that has the project to ${wish} ${asked.job.id}.`);
        return { job: asked.job, asked: wish };
      }
    });
  }
}

function addPriority(jobs: Command, run: Run): void {
  const command = withProjectOption(jobs.command("priority"))
    .argument("<id>", "see lathe jobs")
    .argument("<number>", "higher ones leave the queue first", wholeNumber(-1000))
    .description("change when a queued job gets its turn");
  act<ProjectOptions>(command, run, (io, options, [id, number]) =>
    inProject(options, "write", async (project) => {
      const { openEngine } = await import("../../app/jobs.ts");
      const engine = await openEngine(project, { takes: "none" });
      try {
        const job = engine.setPriority((await jobOf(project, id)).id, Number(number));
        io.print(`${job.id} has priority ${job.priority}.`);
        return { job };
      } finally {
        await engine.close();
      }
    }),
  );
}

function addArchive(jobs: Command, run: Run): void {
  const command = withProjectOption(jobs.command("archive"))
    .argument("<ids...>", "jobs that have ended")
    .option("--undo", "bring them back")
    .description("put jobs out of sight; they stay in the project");
  act<ProjectOptions & { readonly undo?: boolean }>(command, run, (io, options, [ids]) =>
    inProject(options, "write", async (project) => {
      const { openEngine } = await import("../../app/jobs.ts");
      const engine = await openEngine(project, { takes: "none" });
      const isArchived = options.undo !== true;
      try {
        const changed: Job[] = [];
        for (const id of (ids ?? []) as readonly string[])
          changed.push(engine.archive((await jobOf(project, id)).id, isArchived));
        for (const { id } of changed) io.print(isArchived ? `Archived ${id}.` : `Brought ${id} back.`);
        return { jobs: changed };
      } finally {
        await engine.close();
      }
    }),
  );
}

function addRemove(jobs: Command, run: Run): void {
  const command = withProjectOption(jobs.command("remove"))
    .argument("<ids...>", "jobs that do not run")
    .description("remove jobs with their logs and checkpoints; variants and trials stay");
  act<ProjectOptions>(command, run, (io, options, [ids]) =>
    inProject(options, "write", async (project) => {
      const { openEngine } = await import("../../app/jobs.ts");
      const engine = await openEngine(project, { takes: "none" });
      const removed = (ids ?? []) as readonly string[];
      try {
        for (const id of removed) {
          await engine.remove(id);
          io.print(`Removed ${id}.`);
        }
      } finally {
        await engine.close();
      }
      return { removed };
    }),
  );
}
