import { arch, availableParallelism, cpus, platform, totalmem } from "node:os";
import type { MachineInfo, Processor } from "../contract/device.ts";
import { env } from "./ort.ts";
import { findInstructions } from "./processor.ts";
import { probeProviders } from "./providers.ts";
import { isEightBitExact } from "./saturation.ts";

/** The processor of a machine and what it has. */
export type ProcessorInfo = Pick<
  MachineInfo,
  "platform" | "architecture" | "processor" | "instructionSets" | "instructionSource"
>;

/** This machine's processor, found by asking and trying. */
export async function discoverProcessor(): Promise<ProcessorInfo> {
  const here = { platform: platform(), architecture: arch() };
  const processor = cpus()[0]?.model.trim() ?? "unknown";
  const { sets, source } = await findInstructions(here.platform, here.architecture, processor);
  return { ...here, processor, instructionSets: sets, instructionSource: source };
}

/** How this machine's processor sums products of eight bits. */
export async function thisProcessor(): Promise<Processor> {
  if (arch() !== "x64") return "arm";
  return (await isEightBitExact()) ? "x86-vnni" : "x86";
}

/** What this machine can run models on, found by asking and trying. */
export async function discoverMachine(signal?: AbortSignal): Promise<MachineInfo> {
  const here = { platform: platform(), architecture: arch() };
  const [processor, providers] = await Promise.all([discoverProcessor(), probeProviders(here, signal)]);
  return {
    ...processor,
    cores: availableParallelism(),
    memory: totalmem(),
    providers,
    runtime: `onnxruntime-node ${env.versions.node ?? ""}`.trim(),
  };
}
