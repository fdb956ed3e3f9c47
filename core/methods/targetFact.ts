import { formatCount } from "../base/format.ts";
import { PROCESSOR_NAMES } from "../contract/device.ts";
import { eightBitsFor, type TargetParams } from "./targetParams.ts";

const NAMES: Readonly<Record<TargetParams["target"], string>> = {
  every: "every processor",
  here: "this machine",
  ...PROCESSOR_NAMES,
};

/** What eight-bit weights were made for, as a fact of a report. */
export function targetFact(
  params: TargetParams,
  layers: readonly { readonly channels?: number | undefined; readonly reduced?: number | undefined }[] = [],
): { readonly name: string; readonly value: string } {
  const { isExact, steps } = eightBitsFor(params);
  const sum = (pick: (layer: (typeof layers)[number]) => number | undefined): number =>
    layers.reduce((all, layer) => all + (pick(layer) ?? 0), 0);
  const [reduced, channels] = [sum((l) => l.reduced), sum((l) => l.channels)];
  const share = `${formatCount(reduced)} of ${formatCount(channels)} channels have fewer levels for it`;
  const how = isExact
    ? `no sum can saturate${reduced > 0 ? `; ${share}` : ""}`
    : steps === 64
      ? "seven bits everywhere, so no sum can saturate"
      : "eight bits everywhere; sums can saturate on x86 without VNNI";
  return { name: "Made for", value: `${NAMES[params.target]}: ${how}` };
}
