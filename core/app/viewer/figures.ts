import { FIGURES, type FigureId } from "../../contract/figures.ts";
import type { PartFigures } from "../../contract/modelView.ts";
import type { Layer } from "../../contract/measurement.ts";
import type { Part } from "../../graph/parts.ts";
import { shapeText, type Opened } from "./opened.ts";

/** What is known of single nodes besides the file: measured, or found out by the method that made the model. */
export interface NodeFacts {
  readonly layers: readonly Pick<Layer, "node" | "macs" | "time" | "outputShape">[];
  readonly found: readonly NodeFinding[];
}

export interface NodeFinding {
  readonly node: string;
  readonly bits?: number;
  readonly sparsity?: number;
  readonly sensitivity?: number;
  readonly error?: number;
}

export const NO_FACTS: NodeFacts = { layers: [], found: [] };

/** Figures of every op, by its index, and the shapes that a run has shown. */
export interface OpFigures {
  readonly ops: readonly PartFigures[];
  readonly shapes: ReadonlyMap<string, string>;
  readonly known: readonly FigureId[];
}

/** @param sparsity zeros among the weights of each op, where they were counted */
export function figuresOf(
  { ops, parts }: Opened,
  { layers, found }: NodeFacts,
  sparsity: ReadonlyMap<number, number> | undefined,
): OpFigures {
  const measured = new Map(layers.map((l) => [l.node, l]));
  const findings = new Map(found.map((f) => [f.node, f]));
  const shapes = new Map<string, string>();
  const all = ops.map((op, i): PartFigures => {
    const isMain = parts.flat.ops[i]!.owner < 0;
    const own = isMain ? measured.get(op.name) : undefined;
    const finding = isMain ? findings.get(op.name) : undefined;
    const output = parts.flat.ops[i]!.node.outputs[0];
    if (own?.outputShape !== undefined && output !== undefined) shapes.set(output, shapeText(own.outputShape));
    const macs = own?.macs ?? op.macs;
    const bits = finding?.bits ?? op.bits;
    const zeros = sparsity?.get(i) ?? finding?.sparsity;
    return {
      parameters: op.parameters,
      ...(macs !== undefined && { macs }),
      ...(own?.time !== undefined && { time: own.time }),
      ...(bits !== undefined && op.parameters > 0 && { bits }),
      ...(zeros !== undefined && op.parameters > 0 && { sparsity: zeros }),
      ...(finding?.sensitivity !== undefined && { sensitivity: finding.sensitivity }),
      ...(finding?.error !== undefined && { error: finding.error }),
    };
  });
  return { ops: all, shapes, known: FIGURES.map((f) => f.id).filter((id) => all.some((f) => f[id] !== undefined)) };
}

/** Figures of a part from those of its ops: added up, averaged over the weights, or the worst. */
export function foldFigures(part: Pick<Part, "ops">, { ops }: Pick<OpFigures, "ops">): PartFigures {
  const found: Partial<Record<FigureId, number>> = {};
  for (const { id, fold } of FIGURES) {
    let sum = 0;
    let weight = 0;
    let isKnown = false;
    for (const i of part.ops) {
      const value = ops[i]?.[id];
      if (value === undefined) continue;
      const share = fold === "mean" ? (ops[i]?.parameters ?? 0) : 1;
      weight += share;
      if (fold === "most") sum = isKnown ? Math.max(sum, value) : value;
      else if (fold === "least") sum = isKnown ? Math.min(sum, value) : value;
      else sum += value * share;
      isKnown = true;
    }
    if (isKnown) found[id] = fold === "mean" && weight > 0 ? sum / weight : sum;
  }
  return found;
}
