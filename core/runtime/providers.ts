import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { toLatheError } from "../base/error.ts";
import { providerName, type ProviderName, type ProviderStatus } from "../contract/device.ts";
import { runChild } from "./child.ts";

const TITLES = {
  cpu: "CPU",
  webgpu: "WebGPU",
  cuda: "CUDA",
  tensorrt: "TensorRT",
  dml: "DirectML",
  coreml: "CoreML",
} as const satisfies Record<ProviderName, string>;

export interface Platform {
  /** As Node names them, for instance linux and x64. */
  readonly platform: string;
  readonly architecture: string;
}

/** Which builds of onnxruntime-node carry a provider: its README's table. */
const CARRIED = {
  cpu: () => true,
  webgpu: (p) => !(p.platform === "linux" && p.architecture === "arm64"),
  cuda: (p) => p.platform === "linux" && p.architecture === "x64",
  tensorrt: (p) => p.platform === "linux" && p.architecture === "x64",
  dml: (p) => p.platform === "win32",
  coreml: (p) => p.platform === "darwin",
} as const satisfies Record<ProviderName, (platform: Platform) => boolean>;

const WHERE = {
  cpu: "everywhere",
  webgpu: "Windows, macOS and Linux on x64",
  cuda: "Linux on x64",
  tensorrt: "Linux on x64",
  dml: "Windows",
  coreml: "macOS",
} as const satisfies Record<ProviderName, string>;

/** Every provider with whether it works here, and a reason. Those that need a driver are tried in a process each. */
export async function probeProviders(here: Platform, signal?: AbortSignal): Promise<ProviderStatus[]> {
  return Promise.all(providerName.options.map((name) => probe(name, here, signal)));
}

async function probe(name: ProviderName, here: Platform, signal: AbortSignal | undefined): Promise<ProviderStatus> {
  const absent = whyAbsent(name, here, existsSync);
  if (absent !== undefined) return { name, available: false, reason: absent };
  if (name === "cpu") return { name, available: true, reason: "CPU: part of onnxruntime-node." };
  const options = signal === undefined ? {} : { signal };
  const said = await runChild<string>(new URL("./providerProbe.ts", import.meta.url), name, options).catch(
    (thrown: unknown) => {
      if (signal?.aborted === true) throw thrown;
      return toLatheError(thrown).message;
    },
  );
  return said === ""
    ? { name, available: true, reason: `${TITLES[name]}: a small model ran on it.` }
    : { name, available: false, reason: whyFailed(name, said) };
}

/** Why the installed runtime cannot have this provider, or undefined where it has to be tried. */
export function whyAbsent(name: ProviderName, here: Platform, exists: (path: string) => boolean): string | undefined {
  const title = TITLES[name];
  if (!CARRIED[name](here)) {
    return `${title}: onnxruntime-node has it for ${WHERE[name]} only; this is ${here.platform}-${here.architecture}.`;
  }
  if (name !== "cuda" && name !== "tensorrt") return undefined;
  const library = `libonnxruntime_providers_${name}.so`;
  if (exists(join(libraryFolder(here), library))) return undefined;
  return `${title}: "${library}" is not installed with onnxruntime-node; \`npm rebuild onnxruntime-node --onnxruntime-node-install=cuda12\` fetches it.`;
}

/** What a failed attempt means. */
export function whyFailed(name: ProviderName, said: string): string {
  const title = TITLES[name];
  if (/WebGPU adapter|No supported adapters/i.test(said)) {
    return `${title}: no GPU was found. It needs a graphics driver with Vulkan, Direct3D 12 or Metal (on Linux also the loader libvulkan1).`;
  }
  if (/Failed to load shared library/i.test(said)) {
    return `${title}: its library does not load. Install the CUDA 12 and cuDNN 9 libraries${name === "tensorrt" ? " and TensorRT 10" : ""}.`;
  }
  return `${title}: ${said.replace(/^\/\S+:\d+ /, "").slice(0, 300)}`;
}

function libraryFolder(here: Platform): string {
  const main = createRequire(import.meta.url).resolve("onnxruntime-node");
  return join(dirname(main), "..", "bin", "napi-v6", here.platform, here.architecture);
}
