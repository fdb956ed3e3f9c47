import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LatheError } from "../base/error.ts";
import type { Host } from "../base/host.ts";
import type { Graph, Model } from "../graph/model.ts";
import { readModel } from "../onnx/read.ts";
import { runChild } from "./child.ts";
import { stageModel } from "./stage.ts";
import type { Source } from "./timedRun.ts";

/** What the profiler saw of one node of the optimised graph. */
export interface NodeTime {
  readonly name: string;
  readonly op: string;
  /** Milliseconds in each counted run. */
  readonly times: readonly number[];
}

export interface Trace {
  readonly nodes: readonly NodeTime[];
  /** The graph that the runtime made of the model and ran. */
  readonly optimized: Graph;
  /** Milliseconds of each counted run as a whole, profiling included. */
  readonly runs: readonly number[];
}

export interface ProfileOptions {
  /** Script that answers a `ProfileTask` with the milliseconds of its runs. */
  readonly script: URL;
  /** The rest of the script's task. */
  readonly task: Readonly<Record<string, unknown>>;
  readonly warmup: number;
  readonly host: Host;
  readonly signal?: AbortSignal;
}

/** What the profiling script gets beside the caller's own fields. */
export interface ProfileTask {
  readonly source: Source;
  readonly profilePrefix: string;
  readonly optimizedModelPath: string;
}

/**
 * Runs a model under the runtime's profiler in a process of its own. Its nodes need unique names.
 * @throws what loading and running throw
 */
export async function profileModel(model: Model, options: ProfileOptions): Promise<Trace> {
  const folder = await mkdtemp(join(tmpdir(), "lathe-profile-"));
  const staged = await stageModel(model, options.host);
  try {
    const optimizedModelPath = join(folder, "optimized.onnx");
    const task: ProfileTask & Record<string, unknown> = {
      ...options.task,
      source: {
        content: staged.content,
        ...(staged.externalFolder !== undefined && { externalFolder: staged.externalFolder }),
      },
      profilePrefix: join(folder, "trace"),
      optimizedModelPath,
    };
    const all = await runChild<number[]>(options.script, task, options.signal && { signal: options.signal });
    const trace = (await readdir(folder)).find((name) => name.startsWith("trace") && name.endsWith(".json"));
    if (trace === undefined) throw new LatheError("internal", "The runtime wrote no profile.");
    const events = JSON.parse(await readFile(join(folder, trace), "utf8")) as readonly TraceEvent[];
    const { graph } = await readModel(optimizedModelPath, options.host);
    return { nodes: readEvents(events, all.length, options.warmup), optimized: graph, runs: all.slice(options.warmup) };
  } finally {
    await staged.discard();
    await rm(folder, { recursive: true, force: true });
  }
}

/** One entry of the runtime's trace (Chrome's trace event format); `dur` in microseconds. */
export interface TraceEvent {
  readonly cat?: string;
  readonly name?: string;
  readonly dur?: number;
  readonly args?: { readonly op_name?: string };
}

const KERNEL = "_kernel_time";

/**
 * Times per node and counted run. A node may run several times in a run (inside a loop); these are added up.
 * Nodes whose count of events is no multiple of the runs take their share of the counted ones.
 */
export function readEvents(events: readonly TraceEvent[], runs: number, warmup: number): NodeTime[] {
  const byName = new Map<string, { op: string; durations: number[] }>();
  for (const { cat, name, dur, args } of events) {
    if (cat !== "Node" || name?.endsWith(KERNEL) !== true || dur === undefined) continue;
    const node = name.slice(0, -KERNEL.length);
    const entry = byName.get(node) ?? { op: args?.op_name ?? "", durations: [] };
    entry.durations.push(dur / 1000);
    byName.set(node, entry);
  }
  return [...byName].map(([name, { op, durations }]) => {
    const perRun = durations.length / runs;
    const times = Array.from({ length: runs }, (_, run) =>
      durations.slice(Math.round(run * perRun), Math.round((run + 1) * perRun)).reduce((sum, d) => sum + d, 0),
    );
    return { name, op, times: times.slice(warmup) };
  });
}
