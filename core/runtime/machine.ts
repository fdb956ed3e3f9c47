import { arch, availableParallelism, cpus, platform, totalmem } from "node:os";
import type { MachineInfo } from "../contract/device.ts";
import { env } from "./ort.ts";
import { findInstructions } from "./processor.ts";
import { probeProviders } from "./providers.ts";

/** What this machine can run models on, found by asking and trying. */
export async function discoverMachine(signal?: AbortSignal): Promise<MachineInfo> {
  const here = { platform: platform(), architecture: arch() };
  const processor = cpus()[0]?.model.trim() ?? "unknown";
  const [instructions, providers] = await Promise.all([
    findInstructions(here.platform, here.architecture, processor),
    probeProviders(here, signal),
  ]);
  return {
    ...here,
    processor,
    cores: availableParallelism(),
    memory: totalmem(),
    instructionSets: instructions.sets,
    instructionSource: instructions.source,
    providers,
    runtime: `onnxruntime-node ${env.versions.node ?? ""}`.trim(),
  };
}
