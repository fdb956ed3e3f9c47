import { byteLength } from "../../base/elementType.ts";
import { elementCount } from "../../base/array.ts";
import type { Model } from "../../graph/model.ts";
import { opOf } from "../../ops/registry.ts";
import type { ValueShapes } from "./couple.ts";
import type { ChannelGroups } from "./groups.ts";
import { dimsLeft, leftBy, type ChannelChoice } from "./remove.ts";

/** What a model would cost by count. */
export interface PrunedCosts {
  /** Multiply–accumulates of a call with one sample. */
  readonly macs: number;
  /** Elements of its float constants. */
  readonly parameters: number;
  /** Bytes of all constants. */
  readonly bytes: number;
}

/**
 * The costs of a model without some channels, without making it: thousands of choices can be compared.
 * @returns a function of the choice; throws as `leftBy`
 */
export function costsOfChoices(
  model: Model,
  found: ChannelGroups,
  shapes: ValueShapes,
): (choice: ChannelChoice) => PrunedCosts {
  const paid = model.graph.nodes.flatMap((node) => {
    const cost = opOf(node, model.opsets)?.cost;
    const sizes = (name: string): readonly number[] | undefined => shapes.get(name)?.sizes;
    const isPaid =
      cost !== undefined && cost({ node, inputs: node.inputs.map(sizes), outputs: node.outputs.map(sizes) }) > 0;
    return isPaid ? [{ node, cost }] : [];
  });
  return (choice) => {
    const left = leftBy(found, choice);
    const sizes = (name: string): readonly number[] | undefined => {
      const known = shapes.get(name)?.sizes;
      return known && dimsLeft(name, known, left);
    };
    let [macs, parameters, bytes] = [0, 0, 0];
    for (const { node, cost } of paid)
      macs += cost({ node, inputs: node.inputs.map(sizes), outputs: node.outputs.map(sizes) });
    for (const { name, type, dims } of model.graph.initializers) {
      const count = elementCount(dimsLeft(name, dims, left));
      bytes += byteLength(type, count);
      if (FLOATS.has(type)) parameters += count;
    }
    return { macs, parameters, bytes };
  };
}

const FLOATS: ReadonlySet<string> = new Set(["float32", "float16", "bfloat16", "float64"]);
