import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import type { InstructionSets } from "../contract/device.ts";

export interface Instructions {
  readonly sets: InstructionSets;
  /** How they were found. A guess says so. */
  readonly source: string;
}

/**
 * The instruction sets of this processor, asked of the operating system where it tells. Whether x86 has VNNI is tried
 * out as well: an emulator may show another processor's flags than it has.
 */
export async function findInstructions(
  platform: string,
  architecture: string,
  processor: string,
): Promise<Instructions> {
  const asked = await askSystem(platform, architecture, processor);
  if (architecture !== "x64" || (!asked.sets.vnni && !asked.isGuess)) return asked;
  const { isEightBitExact } = await import("./saturation.ts");
  return { sets: { ...asked.sets, vnni: await isEightBitExact() }, source: `${asked.source}; vnni by trying` };
}

async function askSystem(
  platform: string,
  architecture: string,
  processor: string,
): Promise<Instructions & { readonly isGuess: boolean }> {
  if (platform === "linux") {
    const text = await readFile("/proc/cpuinfo", "utf8").catch(() => "");
    if (text !== "") return { sets: fromCpuInfo(text, architecture), source: "/proc/cpuinfo", isGuess: false };
  }
  if (platform === "darwin") {
    const run = promisify(execFile);
    const text = await run("/usr/sbin/sysctl", ["hw.optional"]).then(
      (r) => r.stdout,
      () => "",
    );
    if (text !== "") return { sets: fromSysctl(text), source: "sysctl hw.optional", isGuess: false };
  }
  const source = `guess from the processor's name "${processor}"`;
  return { sets: guess(architecture, processor), source, isGuess: true };
}

/** From the flags (x86) or Features (ARM) line of Linux' /proc/cpuinfo. */
export function fromCpuInfo(text: string, architecture: string): InstructionSets {
  const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(text)?.[1] ?? "";
  const flags = new Set(line.split(/\s+/));
  return {
    avx2: flags.has("avx2"),
    // The kernels want the byte/word and vector-length parts as well.
    avx512: ["avx512f", "avx512bw", "avx512dq", "avx512vl"].every((f) => flags.has(f)),
    vnni: flags.has("avx512_vnni") || flags.has("avx_vnni"),
    amx: flags.has("amx_tile") && flags.has("amx_int8"),
    neon: architecture === "arm64" || flags.has("neon") || flags.has("asimd"),
    neonDot: flags.has("asimddp"),
  };
}

/** From macOS' `sysctl hw.optional`. */
export function fromSysctl(text: string): InstructionSets {
  const on = (name: string): boolean => new RegExp(`^hw\\.optional\\.${name}: 1$`, "mi").test(text);
  return {
    avx2: on("avx2_0"),
    avx512: on("avx512f") && on("avx512bw"),
    vnni: on("avx512vnni"),
    amx: false,
    neon: on("neon") || on("AdvSIMD"),
    neonDot: on("arm\\.FEAT_DotProd"),
  };
}

const GENERATION = /\bi[3579]-(\d{2})\d{2,3}/;

/**
 * What a processor of this name most likely has; where the operating system has no answer (Windows). Wrong
 * rather by missing something than by promising it.
 */
export function guess(architecture: string, processor: string): InstructionSets {
  const arm = architecture === "arm64";
  const zen = /Ryzen \w+ (?:PRO )?(\d)\d{3}|EPYC 9\d{3}/i.exec(processor);
  const zen4 = zen !== null && (zen[1] === undefined || Number(zen[1]) >= 7) && !/ 7[0-7]3\d/.test(processor);
  const xeon = /Xeon.*(?:Gold|Platinum|Silver).*\b\d([2-5])\d{2}/i.exec(processor);
  const core = Number(GENERATION.exec(processor)?.[1] ?? 0);
  const iceLake = core === 11 || core === 10 ? /G\d/.test(processor) : false;
  const ultra = /Core\(TM\) Ultra/i.test(processor);
  return {
    avx2: !arm && /Core|Xeon|Ryzen|EPYC|AMD/i.test(processor),
    avx512: !arm && (zen4 || xeon !== null || iceLake),
    // Core of the 12th generation onwards: AVX-VNNI without AVX-512.
    vnni: !arm && (zen4 || xeon !== null || iceLake || (core >= 12 && core <= 14) || ultra),
    amx: !arm && xeon !== null && Number(xeon[1]) >= 4,
    neon: arm,
    neonDot: arm && /Apple|Snapdragon|Qualcomm|Ampere|Cobalt/i.test(processor),
  };
}
