import type { ProviderName } from "../../core/contract/device.ts";

/** Devices by the name that people know. */
export const providerName: readonly { readonly value: ProviderName; readonly label: string }[] = [
  { value: "cpu", label: "CPU" },
  { value: "webgpu", label: "WebGPU" },
  { value: "cuda", label: "CUDA" },
  { value: "tensorrt", label: "TensorRT" },
  { value: "dml", label: "DirectML" },
  { value: "coreml", label: "Core ML" },
];
