import type { Host } from "../base/host.ts";
import { lowerForCpu } from "../autodiff/lower/cpu.ts";
import { cpuRules } from "../autodiff/lower/rules.ts";
import { blockProbe, readBlock } from "../autodiff/lower/probe.ts";
import { withSession } from "../runtime/session.ts";
import type { Lowering } from "./stepGraph.ts";

/**
 * The lowering for this machine's CPU and batches of one size; undefined where the runtime has no blocked kernels.
 * A lowered graph takes no other batch size.
 */
export async function cpuLowering(batch: number, host: Host): Promise<Lowering | undefined> {
  const block = await withSession(blockProbe.model, { host }, (session) => session.run(blockProbe.feeds)).then(
    readBlock,
    () => undefined,
  );
  if (block === undefined) return undefined;
  const target = { batch, block };
  return { rules: cpuRules(target), lower: (model, facts) => lowerForCpu(model, { ...target, facts }) };
}
