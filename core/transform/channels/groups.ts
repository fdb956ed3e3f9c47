import type { Model, Node } from "../../graph/model.ts";
import { indexGraph } from "../../graph/uses.ts";
import type { Role } from "../../ops/channels.ts";
import { opOf } from "../../ops/registry.ts";
import { coupleAxes, ruleOf, type Coupling, type ValueShapes } from "./couple.ts";

/** One axis of a constant in which a group has indexes. */
export interface GroupMember {
  readonly tensor: string;
  readonly axis: number;
  /** The node that uses it, and what for. */
  readonly node: string;
  readonly op: string;
  readonly role: Role | "constant";
  /** Whether these indexes are the layer's outputs, its inputs, or go along with them. */
  readonly side: "makes" | "reads" | "follows";
  /** The indexes of each unit, in the order of the group's units. */
  readonly indexes: readonly (readonly number[])[];
}

/** Units of one kind: channels, heads or neurons that can be removed one by one, each wherever it occurs. */
export interface ChannelGroup {
  /** The first layer that makes them, with a number where that makes several groups. */
  readonly name: string;
  /** Numbers that other parts of the coupling know the units by. */
  readonly units: readonly number[];
  readonly members: readonly GroupMember[];
  /** Why none of them can be removed; undefined where they can. */
  readonly keptBecause: string | undefined;
  /** Why removing one changes more than what it contributes; undefined where it does not. */
  readonly shiftedBecause: string | undefined;
}

/** The groups of a model, and what they rest on. */
export interface ChannelGroups extends Coupling {
  readonly groups: readonly ChannelGroup[];
}

/**
 * Dependency groups (Fang et al. 2023, "DepGraph: Towards Any Structural Pruning"), found on the ONNX graph index by
 * index, so that they pass concats, splits, padding and reshapes. Groups without a layer that makes their units are
 * left out: nothing would get smaller.
 * @param model normalised, constants in memory
 * @param shapes of its values (`findShapes`)
 */
export function channelGroups(model: Model, shapes: ValueShapes): ChannelGroups {
  const coupling = coupleAxes(model, shapes);
  const places = findPlaces(model, coupling);
  const bySignature = new Map<string, number[]>();
  for (const [unit, at] of places) {
    const { familyOf, keptBecause, shiftedBecause } = coupling.labels;
    const key = [familyOf(unit), ...at.keys(), keptBecause(unit) ?? "", shiftedBecause(unit) ?? ""].join("\n");
    const known = bySignature.get(key);
    if (known === undefined) bySignature.set(key, [unit]);
    else known.push(unit);
  }
  const taken = new Map<string, number>();
  const groups = [...bySignature.values()].flatMap((units): ChannelGroup[] => {
    const at = places.get(units[0] ?? 0) ?? new Map<string, Place>();
    const members = [...at].map(([key, { indexes: _, ...place }]) => ({
      ...place,
      indexes: units.map((unit) => places.get(unit)?.get(key)?.indexes ?? []),
    }));
    const maker = members.find((m) => m.side === "makes");
    if (maker === undefined) return [];
    const count = (taken.get(maker.node) ?? 0) + 1;
    taken.set(maker.node, count);
    const name = count === 1 ? maker.node : `${maker.node} #${count}`;
    const { keptBecause, shiftedBecause } = coupling.labels;
    const [first = 0] = units;
    return [
      Object.freeze<ChannelGroup>({
        name,
        units,
        members,
        keptBecause: keptBecause(first),
        shiftedBecause: shiftedBecause(first),
      }),
    ];
  });
  return Object.freeze({ ...coupling, groups });
}

type Place = Omit<GroupMember, "indexes"> & { readonly indexes: number[] };

/** Where each unit occurs, constants in the graph's order of use. */
function findPlaces(model: Model, { labels, axes }: Coupling): Map<number, Map<string, Place>> {
  const index = indexGraph(model.graph);
  const places = new Map<number, Map<string, Place>>();
  const seen = new Set<string>();
  for (const node of model.graph.nodes) {
    for (const [slot, name] of node.inputs.entries()) {
      const constant = index.initializer.get(name);
      const own = axes.get(name);
      if (constant === undefined || own === undefined || seen.has(name)) continue;
      seen.add(name);
      for (const [axis, indexes] of own.entries()) {
        if (indexes === undefined) continue;
        const facts = factsOf(node, slot, { axis, dims: constant.dims, model });
        for (const [i, label] of indexes.entries()) {
          for (const unit of labels.unitsOf(label)) {
            const at = places.get(unit) ?? new Map<string, Place>();
            places.set(unit, at);
            const key = `${name}:${axis}`;
            const place = at.get(key) ?? { tensor: name, axis, ...facts, indexes: [] };
            at.set(key, place);
            place.indexes.push(i);
          }
        }
      }
    }
  }
  return places;
}

interface Occurrence {
  readonly axis: number;
  readonly dims: readonly number[];
  readonly model: Model;
}

function factsOf(
  node: Node,
  slot: number,
  { axis, dims, model }: Occurrence,
): Pick<GroupMember, "node" | "op" | "role" | "side"> {
  const declared = opOf(node, model.opsets);
  const coupled = ruleOf(node, model.opsets);
  const linear = declared?.linear;
  const isWeight = slot === linear?.weight;
  const makes = isWeight ? linear.outputAxis(node, dims.length) : coupled?.makes?.(node, slot);
  const reads = isWeight ? linear.inputAxis(node, dims) : undefined;
  const role = coupled?.roles?.[slot] ?? "constant";
  return {
    node: node.name === "" ? (node.outputs[0] ?? node.op) : node.name,
    op: node.op,
    role,
    side: axis === makes ? "makes" : role === "weight" && (reads === undefined || axis === reads) ? "reads" : "follows",
  };
}
