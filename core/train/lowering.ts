import { lowerForCpu } from "../autodiff/lower/cpu.ts";
import { cpuRules } from "../autodiff/lower/rules.ts";
import { findBlock } from "../runtime/blocks.ts";
import type { Lowering } from "./stepGraph.ts";

/**
 * The lowering for this machine's CPU and batches of one size; undefined where the runtime has no blocked kernels.
 * A lowered graph takes no other batch size.
 */
export async function cpuLowering(batch: number): Promise<Lowering | undefined> {
  const block = await findBlock();
  if (block === undefined) return undefined;
  const target = { batch, block };
  return { rules: cpuRules(target), lower: (model, facts) => lowerForCpu(model, { ...target, facts }) };
}
