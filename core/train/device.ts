import type { ProviderName } from "../contract/device.ts";

/** Whether training graphs are rewritten for a provider, where the runtime has the kernels. */
export const isLoweredOn = (provider: ProviderName): boolean => provider === "cpu";

/**
 * What a training on a provider uses, in words.
 * @param block channels in a block of the runtime's blocked layout on the CPU; undefined where there is none
 */
export function describeTraining(provider: ProviderName, block: number | undefined): string {
  if (!isLoweredOn(provider)) {
    return provider === "webgpu"
      ? "the plain graph; weights and optimiser state stay on the device between steps"
      : "the plain graph; weights and optimiser state are copied to the device and back at every step";
  }
  return block === undefined
    ? "the plain graph: the runtime has no blocked convolutions for this processor"
    : `a lowered graph: convolutions in blocks of ${block} channels`;
}
