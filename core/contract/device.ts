import { z } from "zod";

export const providerName = z.enum(["cpu", "webgpu", "cuda", "tensorrt", "dml", "coreml"]);
export type ProviderName = z.infer<typeof providerName>;

/** One execution provider on this machine; where it is missing, why. */
export const providerStatus = z.strictObject({ name: providerName, available: z.boolean(), reason: z.string() });
export type ProviderStatus = z.infer<typeof providerStatus>;

export const instructionSets = z.strictObject({
  avx2: z.boolean(),
  avx512: z.boolean(),
  /** AVX-512 VNNI or AVX-VNNI: eight-bit dot products without saturation. */
  vnni: z.boolean(),
  amx: z.boolean(),
  neon: z.boolean(),
  neonDot: z.boolean(),
});
export type InstructionSets = z.infer<typeof instructionSets>;

/** What this machine can run models on. */
export const machineInfo = z.strictObject({
  platform: z.string(),
  architecture: z.string(),
  processor: z.string(),
  cores: z.int().positive(),
  /** Bytes. */
  memory: z.number(),
  instructionSets,
  /** How the instruction sets were found; a guess says so. */
  instructionSource: z.string(),
  providers: z.array(providerStatus),
  runtime: z.string(),
});
/** Processors by how they sum products of eight bits: x86 without VNNI saturates in pairs, the others are exact. */
export const processor = z.enum(["x86-vnni", "x86", "arm"]);
export type Processor = z.infer<typeof processor>;

/** As they are named in a sentence. */
export const PROCESSOR_NAMES: Readonly<Record<Processor, string>> = {
  "x86-vnni": "x86 with VNNI",
  x86: "x86 without VNNI",
  arm: "ARM",
};

export type MachineInfo = z.infer<typeof machineInfo>;
