import type { Host } from "../../base/host.ts";
import type { MachineInfo } from "../../contract/device.ts";
import type { Model } from "../../graph/model.ts";
import type { NdArray } from "../../base/array.ts";
import { timeInTurns } from "../../measure/latency.ts";
import { median } from "../../measure/statistics.ts";
import { openTimedModel, type TimedRun } from "../../runtime/timedRun.ts";
import { discoverMachine } from "../../runtime/machine.ts";
import type { SessionOptions } from "../../runtime/session.ts";
import type { Gate } from "./findings.ts";

export interface GateOptions {
  readonly float: Model;
  /** The same network quantised with placeholder ranges; its speed does not depend on them. */
  readonly int8: Model;
  /** Batch of one, or of the size that the model fixes. */
  readonly sample: NdArray;
  readonly session: SessionOptions;
  readonly host: Host;
  readonly signal: AbortSignal;
  readonly seed: number;
}

/** Below this the difference is noise or not worth the accuracy. */
const WORTH = 1.05;

/** Whether INT8 will be faster on this machine: both are timed here, in turns, before any calibration. */
export async function askGate(options: GateOptions): Promise<Gate> {
  const { session, host, sample, signal, seed } = options;
  const feeds = (inputs: readonly { readonly name: string }[]): Record<string, NdArray> => ({
    [inputs[0]?.name ?? ""]: sample,
  });
  const open = (source: Model): Promise<TimedRun> => openTimedModel(source, { ...session, feeds, host });
  const float = await open(options.float);
  try {
    const int8 = await open(options.int8);
    try {
      const candidates = [
        { id: "float", run: float.run },
        { id: "int8", run: int8.run },
      ];
      const times = await timeInTurns(candidates, { warmup: 3, runs: 200, seconds: 0.6, seed, signal });
      const [floatMs, int8Ms] = [median(times["float"] ?? []), median(times["int8"] ?? [])];
      const speedup = floatMs / int8Ms;
      const verdict = speedup > WORTH ? "faster" : speedup < 1 / WORTH ? "slower" : "same";
      const reasons = reasonsFor(await discoverMachine(signal), verdict);
      return { speedup, floatMs, int8Ms, threads: session.threads ?? 1, verdict, reasons };
    } finally {
      int8.close();
    }
  } finally {
    float.close();
  }
}

function reasonsFor({ instructionSets: has, processor }: MachineInfo, verdict: Gate["verdict"]): readonly string[] {
  const reasons: string[] = [];
  if (has.amx) reasons.push(`"${processor}" multiplies eight-bit matrices with AMX.`);
  else if (has.vnni) reasons.push(`"${processor}" has VNNI: four eight-bit products per 32-bit lane and instruction.`);
  else if (has.avx2)
    reasons.push(
      `"${processor}" has AVX2 without VNNI: eight-bit products go through saturating 16-bit sums, which costs speed and can cost accuracy.`,
    );
  else if (has.neonDot) reasons.push(`"${processor}" has the NEON dot product for eight-bit sums.`);
  else reasons.push(`"${processor}" has no eight-bit dot product.`);
  if (verdict !== "faster") {
    reasons.push(
      "Small layers, few channels and operations that stay in float spend more time converting than they save.",
    );
  }
  return reasons;
}
