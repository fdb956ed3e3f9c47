import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { nodeHost } from "../../core/app/nodeHost.ts";
import type { ProviderName } from "../../core/contract/device.ts";
import { answer } from "../../core/runtime/child.ts";
import type { TrainPlan } from "../../core/train/plan.ts";
import { smallNet } from "./models.ts";
import { run } from "./run.ts";

export interface StarvedTask {
  readonly path: string;
  readonly provider: ProviderName;
  readonly widths: readonly number[];
  readonly plan: Partial<TrainPlan>;
  /** Batches after which the memory is taken away; 0: as soon as the sessions are open. */
  readonly after: number;
  /** Bytes that may still be taken then. */
  readonly rest: number;
}

/** The data segment may not grow any more (RLIMIT_DATA, which also covers private mappings). */
function takeMemory(rest: number): void {
  const line = /^VmData:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"));
  const limit = Number(line?.[1]) * 1024 + rest;
  const { status, stderr } = spawnSync("prlimit", [`--pid=${process.pid}`, `--data=${limit}`], { encoding: "utf8" });
  if (status !== 0) throw new Error(`prlimit: ${stderr}`);
}

/** Trains with a checkpoint after every batch in a process that loses its memory on the way. */
answer(async ({ path, provider, widths, plan, after, rest }: StarvedTask): Promise<string> => {
  let now = 0;
  // Progress comes a few times a second; on this clock with every batch.
  const clock = { ...nodeHost.clock, milliseconds: () => (now += 1000) };
  const { bytes } = await run(plan, {
    model: smallNet({ classes: 4, widths }),
    session: { threads: 1, provider },
    host: { ...nodeHost, clock },
    saving: { path, key: "k", batches: 1 },
    emit: (event) => {
      const isOpen = after === 0 && event.kind === "stage" && event.name.startsWith("Epoch");
      if (isOpen || (event.kind === "progress" && event.done === after)) takeMemory(rest);
    },
  });
  return bytes;
});
