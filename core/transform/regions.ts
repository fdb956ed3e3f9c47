import { editGraph, removeDeadNodes } from "../graph/edit.ts";
import type { Graph, Model, Node } from "../graph/model.ts";
import { indexGraph, type GraphIndex } from "../graph/uses.ts";
import type { ValueShapes } from "./channels/couple.ts";

/** A part of a graph with one way in and one way out, of the same shape: it can be left out. */
export interface Region {
  /** The first and the last layer with weights in it. */
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly nodes: readonly Node[];
  /** Whether a way leads around all layers, as in a residual block. */
  readonly hasShortcut: boolean;
}

/**
 * The smallest regions of a graph that hold weights and whose input and output have the same shape: residual blocks, and
 * layers on their own. A block and a layer in it are both there.
 * @param model normalised
 * @param shapes of its values (`findShapes`)
 */
export function findRegions({ graph }: Model, shapes: ValueShapes): readonly Region[] {
  const index = indexGraph(graph);
  const dominators = findDominators(graph, index);
  const regions = new Map<string, Region>();
  for (const node of graph.nodes) {
    const [to = ""] = node.outputs;
    if (node.outputs.length !== 1 || index.isOutput(to)) continue;
    for (let at = dominators.get(node); at !== undefined; at = dominators.get(at)) {
      const [from = ""] = at.outputs;
      if (at.outputs.length !== 1 || !isSameShape(shapes, from, to)) continue;
      const region = regionBetween({ graph, index }, [from, to]);
      if (region === undefined) continue;
      const key = region.nodes.flatMap((n) => weightsOf(n, index)).join();
      const known = regions.get(key);
      if (known === undefined || isBetter(region, known)) regions.set(key, region);
      break;
    }
  }
  return [...regions.values()];
}

/** Around the same weights, the one with its shortcut, and then the smallest. */
function isBetter(a: Region, b: Region): boolean {
  return a.hasShortcut === b.hasShortcut ? a.nodes.length < b.nodes.length : a.hasShortcut;
}

/** The model without some regions: what came in goes on in place of what came out. */
export function removeRegions(model: Model, regions: readonly Region[]): Model {
  const instead = new Map(regions.map(({ from, to }) => [to, from]));
  const resolve = (name: string): string => {
    let current = name;
    for (let next = instead.get(current); next !== undefined; next = instead.get(current)) current = next;
    return current;
  };
  const graph = editGraph(model.graph, (edit) => {
    for (const node of model.graph.nodes) {
      if (!node.inputs.some((input) => instead.has(input))) continue;
      edit.replace(node, Object.freeze({ ...node, inputs: node.inputs.map(resolve) }));
    }
  });
  return Object.freeze({ ...model, graph: removeDeadNodes(graph) });
}

function isSameShape(shapes: ValueShapes, a: string, b: string): boolean {
  const [x, y] = [shapes.get(a)?.dims, shapes.get(b)?.dims];
  return x !== undefined && y !== undefined && !x.includes("?") && x.join() === y.join();
}

interface Indexed {
  readonly graph: Graph;
  readonly index: GraphIndex;
}

/** What lies between two values, if it has no other way out and holds weights. */
function regionBetween({ graph, index }: Indexed, [from, to]: readonly [string, string]): Region | undefined {
  const inside = new Set<Node>();
  const open = [index.producer.get(to)];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (inside.has(node)) continue;
    inside.add(node);
    for (const input of node.inputs) {
      const maker = input === from ? undefined : index.producer.get(input);
      if (maker !== undefined) open.push(maker);
    }
  }
  const leaks = [...inside].some((node) =>
    node.outputs.some(
      (o) => o !== to && (index.isOutput(o) || index.usesOf(o).some((use) => use.slot < 0 || !inside.has(use.node))),
    ),
  );
  const nodes = graph.nodes.filter((n) => inside.has(n));
  const layers = nodes.filter((n) => weightsOf(n, index).length > 0);
  const [first, last] = [layers[0], layers.at(-1)];
  if (leaks || first === undefined || last === undefined) return undefined;
  // What comes of the input without passing a layer, in the nodes' order.
  const unchanged = new Set([from]);
  for (const node of nodes)
    if (!layers.includes(node) && node.inputs.some((input) => unchanged.has(input)))
      node.outputs.forEach((o) => unchanged.add(o));
  const name = first === last ? nameOf(first) : `${nameOf(first)} … ${nameOf(last)}`;
  return { name, from, to, nodes, hasShortcut: unchanged.has(to) };
}

const nameOf = ({ name, op, outputs }: Node): string => (name === "" ? (outputs[0] ?? op) : name);

/** Constants of two or more axes, which is what makes a node a layer. */
function weightsOf(node: Node, index: GraphIndex): readonly string[] {
  return node.inputs.filter((input) => {
    const constant = index.initializer.get(input);
    return constant?.type === "float32" && constant.dims.filter((d) => d > 1).length > 1;
  });
}

/** The nearest node that every way from the inputs to a node leads through (Cooper et al. 2001); none for the first. */
function findDominators(graph: Graph, index: GraphIndex): ReadonlyMap<Node, Node | undefined> {
  const order = new Map(graph.nodes.map((node, i) => [node, i]));
  const nearest = new Map<Node, Node | undefined>();
  const meet = (a: Node | undefined, b: Node | undefined): Node | undefined => {
    let [x, y] = [a, b];
    while (x !== y) {
      if (x === undefined || y === undefined) return undefined;
      if (order.get(x)! > order.get(y)!) x = nearest.get(x);
      else y = nearest.get(y);
    }
    return x;
  };
  for (const node of graph.nodes) {
    const makers = node.inputs.filter((input) => input !== "" && !index.initializer.has(input));
    const [first, ...others] = makers.map((input) => index.producer.get(input));
    nearest.set(
      node,
      others.reduce((found, maker) => meet(found, maker), first),
    );
  }
  return nearest;
}
