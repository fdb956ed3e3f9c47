import { z } from "zod";

export const providerName = z.enum(["cpu", "webgpu", "cuda", "tensorrt", "dml", "coreml"]);
export type ProviderName = z.infer<typeof providerName>;

/** One execution provider on this machine; where it is missing, why. */
export const providerStatus = z.strictObject({ name: providerName, available: z.boolean(), reason: z.string() });
export type ProviderStatus = z.infer<typeof providerStatus>;

/** What this machine can run models on. */
export const machineInfo = z.strictObject({
  platform: z.string(),
  architecture: z.string(),
  processor: z.string(),
  cores: z.int().positive(),
  /** Bytes. */
  memory: z.number(),
  instructionSets: z.strictObject({
    avx2: z.boolean(),
    avx512: z.boolean(),
    /** AVX-512 VNNI or AVX-VNNI: eight-bit dot products without saturation. */
    vnni: z.boolean(),
    amx: z.boolean(),
    neon: z.boolean(),
    neonDot: z.boolean(),
  }),
  /** How the instruction sets were found; a guess says so. */
  instructionSource: z.string(),
  providers: z.array(providerStatus),
  runtime: z.string(),
});
export type MachineInfo = z.infer<typeof machineInfo>;
