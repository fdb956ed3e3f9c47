import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { machineInfo, providerName } from "../../core/contract/device.ts";
import { decodeModel } from "../../core/onnx/decode.ts";
import { findBlock } from "../../core/runtime/blocks.ts";
import { runChild } from "../../core/runtime/child.ts";
import { discoverMachine } from "../../core/runtime/machine.ts";
import { findInstructions, fromCpuInfo, fromSysctl, guess } from "../../core/runtime/processor.ts";
import { whyAbsent, whyFailed } from "../../core/runtime/providers.ts";
import { BLOCK_MODEL, TINY_MODEL } from "../../core/runtime/tinyModel.ts";
import { hasSoftwareVulkan, unpackSoftwareVulkan, vulkanNote } from "../softwareVulkan.ts";

describe("instruction sets", () => {
  it("are read from Linux' flags", () => {
    const text =
      "processor : 0\nflags\t\t: fpu avx2 avx512f avx512bw avx512dq avx512vl avx512_vnni amx_tile amx_int8\n";
    expect(fromCpuInfo(text, "x64")).toEqual({
      avx2: true,
      avx512: true,
      vnni: true,
      amx: true,
      neon: false,
      neonDot: false,
    });
  });

  it("count AVX-VNNI without AVX-512 as VNNI", () => {
    const found = fromCpuInfo("flags : avx2 avx_vnni\n", "x64");
    expect([found.vnni, found.avx512]).toEqual([true, false]);
  });

  it("need the parts of AVX-512 that kernels use", () => {
    expect(fromCpuInfo("flags : avx2 avx512f\n", "x64").avx512).toBe(false);
  });

  it("are guessed where the system does not tell, and VNNI is tried", async () => {
    const found = await findInstructions("win32", "x64", "AMD Ryzen 9 7950X 16-Core Processor");
    expect(found.source).toBe(`guess from the processor's name "AMD Ryzen 9 7950X 16-Core Processor"; vnni by trying`);
    expect(found.sets.avx512).toBe(true);
    const arm = await findInstructions("win32", "arm64", "Snapdragon X Elite");
    expect(arm.source).toBe(`guess from the processor's name "Snapdragon X Elite"`);
    expect(arm.sets.neonDot).toBe(true);
  });

  it("are read from ARM's features", () => {
    const found = fromCpuInfo("Features\t: fp asimd evtstrm asimddp\n", "arm64");
    expect(found).toEqual({ avx2: false, avx512: false, vnni: false, amx: false, neon: true, neonDot: true });
  });

  it("are read from macOS' sysctl", () => {
    const found = fromSysctl("hw.optional.neon: 1\nhw.optional.arm.FEAT_DotProd: 1\nhw.optional.avx2_0: 0\n");
    expect([found.neon, found.neonDot, found.avx2]).toEqual([true, true, false]);
  });

  it.each([
    ["12th Gen Intel(R) Core(TM) i7-12700H", true, false],
    ["AMD Ryzen 9 7950X 16-Core Processor", true, true],
    ["AMD Ryzen 7 5800X 8-Core Processor", false, false],
    ["Intel(R) Core(TM) i7-8700K CPU @ 3.70GHz", false, false],
    ["11th Gen Intel(R) Core(TM) i7-1165G7 @ 2.80GHz", true, true],
    ["Intel(R) Xeon(R) Platinum 8480+", true, true],
  ])("are guessed for %s", (processor, vnni, avx512) => {
    const found = guess("x64", processor);
    expect([found.avx2, found.vnni, found.avx512]).toEqual([true, vnni, avx512]);
  });
});

describe("providers", () => {
  const linux = { platform: "linux", architecture: "x64" };

  it("say where they exist when this is another platform", () => {
    expect(whyAbsent("coreml", linux, () => false)).toBe(
      "CoreML: onnxruntime-node has it for macOS only; this is linux-x64.",
    );
    expect(whyAbsent("webgpu", { platform: "linux", architecture: "arm64" }, () => false)).toBe(
      "WebGPU: onnxruntime-node has it for Windows, macOS and Linux on x64 only; this is linux-arm64.",
    );
  });

  it("name the library that is missing and how to get it", () => {
    expect(whyAbsent("cuda", linux, () => false)).toBe(
      'CUDA: "libonnxruntime_providers_cuda.so" is not installed with onnxruntime-node; `npm rebuild onnxruntime-node --onnxruntime-node-install=cuda12` fetches it.',
    );
    expect(whyAbsent("cuda", linux, () => true)).toBeUndefined();
  });

  it("explain what a failed attempt means", () => {
    expect(whyFailed("webgpu", "Failed to get a WebGPU adapter: No supported adapters")).toBe(
      "WebGPU: no GPU was found. It needs a graphics driver with Vulkan, Direct3D 12 or Metal (on Linux also the loader libvulkan1).",
    );
    expect(whyFailed("tensorrt", "Failed to load shared library")).toBe(
      "TensorRT: its library does not load. Install the CUDA 12 and cuDNN 9 libraries and TensorRT 10.",
    );
  });

  it("are probed with a model that our own reader accepts", async () => {
    const tiny = await decodeModel(TINY_MODEL);
    expect(tiny.graph.nodes.map((n) => n.op)).toEqual(["Relu"]);
    expect(tiny.opsets).toEqual({ "": 13 });
  });

  it("show how many channels a block of the convolutions has", async () => {
    const probe = await decodeModel(BLOCK_MODEL);
    expect(probe.graph.nodes.map((n) => [n.domain, n.op])).toEqual([["com.microsoft.nchwc", "ReorderInput"]]);
    expect(probe.opsets).toEqual({ "": 13, "com.microsoft.nchwc": 1 });
    expect([undefined, 8, 16]).toContain(await findBlock());
  });

  it("survive a probe that crashes", async () => {
    const script = new URL("./crash.ts", import.meta.url);
    await expect(runChild(script, "SIGKILL")).rejects.toThrow(/^A process that ran the model ended with "SIGKILL"/);
    await expect(runChild(script, "SIGINT")).rejects.toThrow("Cancelled.");
  });

  it("can be cancelled", async () => {
    const stop = new AbortController();
    const running = runChild(new URL("./sleep.ts", import.meta.url), "", { signal: stop.signal });
    stop.abort();
    await expect(running).rejects.toThrow("Cancelled.");
  });
});

describe.skipIf(!hasSoftwareVulkan)(`WebGPU on a software driver${vulkanNote}`, () => {
  let folder = "";
  let environment: Readonly<Record<string, string>> = {};

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "lathe-vulkan-"));
    environment = unpackSoftwareVulkan(folder);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("runs a model", async () => {
    const probe = new URL("../../core/runtime/providerProbe.ts", import.meta.url);
    expect(await runChild(probe, "webgpu", { environment })).toBe("");
  });
});

describe("the machine", () => {
  it("is described as the contract says, every provider with a reason", async () => {
    const found = machineInfo.parse(await discoverMachine());
    expect(found.providers.map((p) => p.name)).toEqual(providerName.options);
    expect(found.providers.find((p) => p.name === "cpu")?.available).toBe(true);
    for (const provider of found.providers) expect(provider.reason).not.toBe("");
    expect(found.runtime).toMatch(/^onnxruntime-node \d/);
  });
});
