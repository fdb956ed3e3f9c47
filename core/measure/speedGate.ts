import type { Host } from "../base/host.ts";
import type { ProgressEvent } from "../contract/event.ts";
import type { Model } from "../graph/model.ts";
import { discoverProcessor, type ProcessorInfo } from "../runtime/machine.ts";
import type { SessionOptions } from "../runtime/session.ts";
import { openTimedModel, type TimedRun } from "../runtime/timedRun.ts";
import { adaptFeeds, type Feeds } from "./feeds.ts";
import { timeInTurns } from "./latency.ts";
import { feedsLike, findShapes } from "./shapes.ts";
import { median } from "./statistics.ts";

/** Whether a rewritten model is faster on this machine, measured before the real work begins. */
export interface SpeedGate {
  /** Latency before over latency after. */
  readonly speedup: number;
  /** Median milliseconds of one call. */
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly batch: number;
  readonly threads: number;
  readonly verdict: "faster" | "same" | "slower";
  readonly reasons: readonly string[];
}

export interface SpeedGateOptions {
  readonly before: Model;
  /** The rewritten model; numbers in it may be placeholders, as time does not depend on them. */
  readonly after: Model;
  /** One call's input; seeded random numbers where absent. */
  readonly feeds?: Feeds;
  readonly session: SessionOptions;
  readonly host: Host;
  readonly signal: AbortSignal;
  readonly seed: number;
  /** Why the verdict is what it is, for the report. */
  readonly explain: (processor: ProcessorInfo, verdict: SpeedGate["verdict"]) => readonly string[];
}

/** Below this the difference is noise or not worth the accuracy. */
const WORTH = 1.05;

/** Times both models in turns for about half a second each. */
export async function askSpeedGate(options: SpeedGateOptions): Promise<SpeedGate> {
  const { session, host, signal, seed, explain } = options;
  const given = options.feeds ?? (await randomCall(options.before, options));
  let batch = 1;
  const open = (source: Model): Promise<TimedRun> =>
    openTimedModel(source, {
      ...session,
      host,
      feeds: (inputs) => {
        const feeds = adaptFeeds(inputs, given);
        batch = Object.values(feeds)[0]?.dims[0] ?? 1;
        return feeds;
      },
    });
  const before = await open(options.before);
  try {
    const after = await open(options.after);
    try {
      const candidates = [
        { id: "before", run: before.run },
        { id: "after", run: after.run },
      ];
      const times = await timeInTurns(candidates, { warmup: 3, runs: 200, seconds: 0.6, seed, signal });
      const [beforeMs, afterMs] = [median(times["before"] ?? []), median(times["after"] ?? [])];
      const speedup = beforeMs / afterMs;
      const verdict = speedup > WORTH ? "faster" : speedup < 1 / WORTH ? "slower" : "same";
      const reasons = explain(await discoverProcessor(), verdict);
      return { speedup, beforeMs, afterMs, batch, threads: session.threads ?? 1, verdict, reasons };
    } finally {
      after.close();
    }
  } finally {
    before.close();
  }
}

/** Random inputs for one sample, of shapes that the model has been seen to run with. */
async function randomCall(model: Model, { host, signal, seed }: SpeedGateOptions): Promise<Feeds> {
  const shapes = await findShapes(model, { host, signal });
  const names = model.graph.inputs.map((v) => v.name);
  return feedsLike(shapes, names, { batch: 1, seed });
}

/** The gate's finding as one sentence and the reasons. `what` is the format, for instance INT8. */
export function describeGate({ speedup, beforeMs, afterMs, batch, threads, reasons }: SpeedGate, what: string): string {
  const times = `${beforeMs.toFixed(2)} → ${afterMs.toFixed(2)} ms, batch ${batch}, ${threads} ${threads === 1 ? "thread" : "threads"}`;
  return [`${what} runs at ${speedup.toFixed(2)}× the speed of float on this machine (${times}).`, ...reasons].join(
    " ",
  );
}

export function gateEvent(gate: SpeedGate, what: string): ProgressEvent {
  return { kind: "message", level: gate.verdict === "slower" ? "warning" : "info", text: describeGate(gate, what) };
}

/** What to keep with the result where it is slower. */
export function gateWarnings({ verdict, speedup }: SpeedGate, what: string): readonly string[] {
  if (verdict !== "slower") return [];
  return [`${what} runs at ${speedup.toFixed(2)}× the speed of float on this machine; the gain is size.`];
}

/** What INT8 gained elsewhere: a ResNet-20, batch 1, one thread, onnxruntime 1.30, over its own float32. */
const ELSEWHERE =
  "A ResNet-20 in INT8 was seen to run at 2.2× the speed of float with VNNI, and at 1.7× with AVX2 alone.";

/** What this processor has for eight-bit arithmetic, and what that brought where it was measured. */
export function eightBitReason(info: ProcessorInfo): string {
  const own = instructionsReason(info);
  return info.architecture === "x64" ? `${own} ${ELSEWHERE}` : own;
}

function instructionsReason({ instructionSets: has, processor }: ProcessorInfo): string {
  if (has.amx) return `"${processor}" multiplies eight-bit matrices with AMX.`;
  if (has.vnni) return `"${processor}" has VNNI: four eight-bit products per 32-bit lane and instruction.`;
  if (has.avx2) {
    return `"${processor}" has AVX2 without VNNI: eight-bit products go through saturating 16-bit sums, which takes longer and wants scales that leave room.`;
  }
  if (has.neonDot) return `"${processor}" has the NEON dot product for eight-bit sums.`;
  return `"${processor}" has no eight-bit dot product.`;
}
