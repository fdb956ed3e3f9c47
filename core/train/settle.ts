import { throwIfCancelled } from "../base/cancel.ts";
import type { Host } from "../base/host.ts";
import type { Graph, Model } from "../graph/model.ts";
import { findShapes, type ShapeOptions } from "../measure/shapes.ts";
import { foldIntegers } from "../runtime/foldIntegers.ts";
import { normalizeModel } from "../transform/constants.ts";
import { foldShapes } from "../transform/foldShapes.ts";
import { inlineBranches } from "../transform/inlineBranches.ts";
import { selectBranches } from "../transform/selectBranches.ts";
import { inlineFunctions } from "../transform/inlineFunctions.ts";

export interface SettleOptions extends Omit<ShapeOptions, "host"> {
  readonly host: Host;
}

/** Branches inside branches, each chosen by shapes that are known once the outer one is settled. */
const ROUNDS = 8;

/**
 * A model with as little left to decide at run time as its inputs allow, as differentiation wants it: functions put in
 * place of their calls, sizes and whole numbers that never change computed, branches that are always taken put in place
 * of their If, and where the data choose, both branches with a choice between them (`joinBranches` is the way back from
 * that). Computes the same on inputs of the sizes that were found; the batch stays open.
 * @param model constants in memory
 * @throws what loading and running the model throws
 */
export async function settleModel(model: Model, options: SettleOptions): Promise<Model> {
  let settled = await foldNumbers(normalizeModel(inlineFunctions(model)), options.host);
  for (let round = 0; round < ROUNDS && hasBranches(settled.graph); round++) {
    const { values } = await findShapes(settled, options);
    const folded = foldShapes(settled.graph, (value) => values.get(value)?.dims);
    const next = await foldNumbers({ ...settled, graph: folded }, options.host);
    if (next.graph === settled.graph) break;
    settled = next;
  }
  return hasBranches(settled.graph) ? withBothBranches(settled, options) : settled;
}

/** Ifs that the data choose become choices between both branches, where these can be computed side by side. */
async function withBothBranches(model: Model, options: SettleOptions): Promise<Model> {
  const { graph, selections } = selectBranches(model.graph);
  const both = normalizeModel({ ...model, graph });
  // A branch may be one that can only be computed where it is taken, or give other sizes.
  const found = await findShapes(both, options).catch(() => {
    throwIfCancelled(options.signal);
  });
  const fits = selections.every(({ branches: [yes, no] }) => {
    const [a, b] = [found?.values.get(yes), found?.values.get(no)];
    return a !== undefined && a.type === b?.type && a.dims.join() === b.dims.join();
  });
  return selections.length > 0 && fits ? both : model;
}

async function foldNumbers(model: Model, host: Host): Promise<Model> {
  const folded = await foldIntegers(model, host);
  const graph = inlineBranches(folded.graph);
  return graph === model.graph ? model : normalizeModel({ ...folded, graph });
}

const hasBranches = ({ nodes }: Graph): boolean => nodes.some((node) => node.op === "If");
