import { resolve } from "node:path";
import type { MachineInfo, ProviderName } from "../contract/device.ts";
import { findBlock } from "../runtime/blocks.ts";
import { discoverMachine } from "../runtime/machine.ts";
import { describeTraining } from "../train/device.ts";
import { freeBytes } from "./disk.ts";
import { LATHE_VERSION } from "./version.ts";

/** What Lathe finds where it runs. */
export interface Diagnosis {
  readonly lathe: string;
  readonly node: string;
  readonly machine: MachineInfo;
  /** For each provider that is here, what a training on it uses. */
  readonly training: readonly { readonly provider: ProviderName; readonly uses: string }[];
  /** Bytes free in the working folder; absent where the system does not say. */
  readonly diskFree?: number;
  /** What to expect of this machine, as sentences. */
  readonly advice: readonly string[];
}

/** Looks at the machine: processor, runtime, providers, disk. */
export async function diagnose(folder: string, signal?: AbortSignal): Promise<Diagnosis> {
  const [machine, diskFree, block] = await Promise.all([
    discoverMachine(signal),
    freeBytes(resolve(folder)),
    findBlock(),
  ]);
  const here = machine.providers.filter((p) => p.available);
  return {
    lathe: LATHE_VERSION,
    node: process.versions.node,
    machine,
    training: here.map(({ name }) => ({ provider: name, uses: describeTraining(name, block) })),
    ...(diskFree !== undefined && { diskFree }),
    advice: adviceFor(machine, diskFree),
  };
}

function adviceFor({ instructionSets: has }: MachineInfo, diskFree: number | undefined): string[] {
  const advice: string[] = [];
  if (has.vnni || has.neonDot)
    advice.push("INT8 models run on dot-product instructions here: expect them to be faster than float32.");
  else if (has.avx2) {
    advice.push(
      "There is no VNNI: INT8 multiplications go through 16-bit sums. Convolution nets were seen to run at 1.7 times the speed of float32; models quantised elsewhere can lose accuracy here.",
    );
  } else advice.push("No instructions for 8-bit dot products were found: INT8 will save size, not time.");
  if (diskFree !== undefined && diskFree < 2 ** 30) advice.push("Less than 1 GiB of disk is free.");
  return advice;
}
