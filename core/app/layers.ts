import { z } from "zod";
import { elementCount } from "../base/array.ts";
import type { LayerName } from "../contract/run.ts";
import type { Variant } from "../contract/project.ts";
import { readModel } from "../onnx/read.ts";
import { withModelFile } from "./modelFiles.ts";
import { findVariant, type Project } from "./project.ts";

/**
 * The named nodes of a variant, in the order in which they run, with the weights that they read, and where some run has
 * measured it how sensitive they are. Nothing is run and external weights are not read.
 */
export async function layersOf(project: Project, reference: string): Promise<readonly LayerName[]> {
  const variant = findVariant(project, reference);
  const ranks = ranksOf(project.store.variants(), variant);
  const model = await withModelFile(project, variant, (path) => readModel(path, project.host));
  const sizes = new Map(model.graph.initializers.map((t) => [t.name, elementCount(t.dims)]));
  return model.graph.nodes.flatMap(({ name, op, inputs }) => {
    if (name === "") return [];
    const parameters = inputs.reduce((sum, input) => sum + (sizes.get(input) ?? 0), 0);
    const rank = ranks.get(name);
    return [{ name, op, parameters, ...(rank !== undefined && { rank }) }];
  });
}

/** What quantisation by itself did to each layer, as the methods that look at it keep it. */
const findings = z.union([
  z
    .object({ sensitivity: z.array(z.object({ node: z.string(), kl: z.number() })).min(1) })
    .transform((found) => found.sensitivity.map(({ node, kl }) => ({ node, harm: kl }))),
  z
    .object({
      layers: z.array(z.object({ node: z.string(), choices: z.array(z.object({ harm: z.number() })).min(1) })),
    })
    .transform(({ layers }) =>
      layers.map(({ node, choices }) => ({ node, harm: Math.max(...choices.map((c) => c.harm)) })),
    ),
]);

/** Layers by their place among the most sensitive ones, from 1, as the newest run on the same model found. */
function ranksOf(variants: readonly Variant[], { id }: Variant): ReadonlyMap<string, number> {
  for (const variant of variants.toReversed()) {
    if (variant.parent !== id) continue;
    const found = findings.safeParse(variant.findings).data;
    if (found === undefined) continue;
    const worst = found.toSorted((a, b) => b.harm - a.harm);
    return new Map(worst.map(({ node }, i) => [node, i + 1]));
  }
  return new Map();
}
