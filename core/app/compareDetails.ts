import { ELEMENT_TYPES } from "../base/elementType.ts";
import type { LayerComparison, LayerFigures, LearningCurves } from "../contract/compare.ts";
import type { Layer } from "../contract/measurement.ts";
import type { Variant } from "../contract/project.ts";
import type { LayerFinding } from "../methods/define.ts";
import { tellOf } from "./told.ts";

/** What methods drew over the epochs of their trainings, the same quantity of all variants in one chart. */
export async function learningCurvesOf(variants: readonly Variant[]): Promise<LearningCurves[]> {
  const charts = new Map<string, LearningCurves>();
  for (const variant of variants) {
    const { id, name } = variant;
    for (const block of (await tellOf(variant)).blocks) {
      if (block.kind !== "lines" || block.x.title !== "Epoch") continue;
      const key = JSON.stringify([block.title, block.y.unit]);
      const chart = charts.get(key) ?? { title: block.title, x: block.x, y: block.y, series: [] };
      const series = block.series.map(({ label, points }) => ({
        variant: id,
        label: block.series.length === 1 ? name : `${name}, ${label}`,
        points,
      }));
      charts.set(key, { ...chart, series: [...chart.series, ...series] });
    }
  }
  return [...charts.values()];
}

/** Layers with weights or arithmetic, those of the first variant first, matched by name. */
export async function compareLayers(variants: readonly Variant[]): Promise<LayerComparison> {
  const found = await Promise.all(variants.map(findingsOf));
  const measured = variants.map((v) => new Map((v.measurements?.layers ?? []).map((l) => [l.node, l])));
  const ops = new Map<string, string>();
  for (const layers of measured) {
    for (const { node, op, macs, parameters } of layers.values()) {
      // What a quantiser adds is no layer of the net.
      if ((macs > 0 || parameters > 0) && !ops.has(node) && !isAdded(layers, node, measured[0])) ops.set(node, op);
    }
  }
  return {
    layers: [...ops].map(([node, op]) => ({
      node,
      op,
      figures: variants.map((_, i) => figuresOf(measured[i]!.get(node), found[i]!.get(node))),
    })),
  };
}

/** Whether a node has no arithmetic and is not there in the baseline: scales and zero points of a quantiser. */
function isAdded(
  layers: ReadonlyMap<string, Layer>,
  node: string,
  baseline: ReadonlyMap<string, Layer> | undefined,
): boolean {
  return layers.get(node)?.macs === 0 && baseline?.has(node) !== true;
}

async function findingsOf(variant: Variant): Promise<ReadonlyMap<string, LayerFinding>> {
  const { layers } = await tellOf(variant);
  return new Map(layers.map((l) => [l.node, l]));
}

function figuresOf(layer: Layer | undefined, finding: LayerFinding | undefined): LayerFigures | null {
  if (layer === undefined) return null;
  const types: Readonly<Record<string, { readonly bits: number }>> = ELEMENT_TYPES;
  const bits = finding?.bits ?? (layer.weightType === undefined ? undefined : types[layer.weightType]?.bits);
  return {
    ...(layer.time !== undefined && { time: layer.time }),
    macs: layer.macs,
    parameters: layer.parameters,
    ...(bits !== undefined && bits > 0 && { bits }),
    ...(finding?.sparsity !== undefined && { sparsity: finding.sparsity }),
    ...(finding?.sqnr !== undefined && { sqnr: finding.sqnr }),
  };
}
