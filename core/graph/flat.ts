import { elementCount } from "../base/array.ts";
import { LatheError } from "../base/error.ts";
import { countCalled, functionsOf, type Functions } from "./calls.ts";
import { functionKey } from "./domains.ts";
import type { Attribute, FunctionDefinition, Graph, Model, Node } from "./model.ts";

/** An op of a model, or of a graph that another op carries, among all of them. */
export interface FlatOp {
  readonly node: Node;
  /** Index of the op in whose body it stands; −1 in the main graph. */
  readonly owner: number;
  /** Attribute of the owner that holds the body, or name of the function that it calls. */
  readonly body: string;
  /** Where its values come from: index of an op, or −1 − i for the model's input i. What the model holds has no entry. */
  readonly sources: readonly Source[];
  /** Whether it computes from constants alone. */
  readonly isConstant: boolean;
  /** Whether it reads a constant of two dimensions or more: what learned weights are. */
  readonly hasWeight: boolean;
  /** Of a call that was looked into: which value within its body each of its outputs is. */
  readonly makes?: ReadonlyMap<string, Source>;
  /** Of a call that was not, but can be. */
  readonly closed?: ClosedCall;
}

/** A call of one of the model's functions that stands for itself. */
export interface ClosedCall {
  /** Where it stands: the same in each walk through the same model. */
  readonly key: string;
  /** Ops of the function itself. */
  readonly ops: number;
}

/** A model as far as its ops and what they call is concerned. */
export type Callable = Pick<Model, "graph"> & Partial<Pick<Model, "functions">>;

export interface Source {
  readonly from: number;
  readonly value: string;
}

/** All ops of a model in the order of its graph, each op before those of its bodies. Constants are left out. */
export interface FlatGraph {
  readonly ops: readonly FlatOp[];
  /** Inputs that have to be fed. */
  readonly inputs: readonly string[];
  /** Where each output comes from: as in `Source`; absent for an output that is a constant. */
  readonly outputs: readonly { readonly value: string; readonly from: number | undefined }[];
}

/** What is known of a value while the graphs are walked. */
interface Known {
  /** As in `Source`; absent for what the model holds. */
  readonly from?: number;
  readonly isConstant: boolean;
  readonly isWeight: boolean;
}

/** The values of a graph, and those around it. */
interface Scope {
  readonly own: Map<string, Known>;
  readonly outer?: Scope;
}

const WEIGHT_ELEMENTS = 16;

/** Ops within calls: functions that call functions can stand for any number. */
export const MOST_CALLED = 100_000;
/** Calls within calls that are looked into. */
const MOST_DEEP = 32;

/** Told how much is looked at next. What it throws ends the search. */
export type Step = (count: number) => void;

export interface FlattenOptions {
  /** Calls to look into where all of them would be too many, by `ClosedCall.key`. */
  readonly opened?: ReadonlySet<string>;
  readonly step?: Step;
}

/**
 * Lists the ops of a model with where their values come from, through the bodies of If, Loop and Scan and through calls of
 * the model's own functions. Ops within a call read and write the values of the caller by the caller's names. Where calls
 * stand for more than `MOST_CALLED` ops, only those that are opened are looked into.
 * @throws limit-exceeded where the opened ones alone are more
 */
export function flattenModel(
  { graph, functions = [] }: Callable,
  { opened = new Set(), step = () => undefined }: FlattenOptions = {},
): FlatGraph {
  const ops: FlatOp[] = [];
  const bodies = functionsOf({ functions });
  const isWhole = countCalled(graph.nodes, bodies) <= MOST_CALLED;
  const constants = new Set(graph.initializers.map((t) => t.name));
  const inputs = graph.inputs.map((v) => v.name).filter((name) => !constants.has(name));
  const scope: Scope = { own: new Map(inputs.map((name, i) => [name, made(-1 - i)])) };
  const all: Walk = { ops, bodies, isOpened: (key) => isWhole || opened.has(key), step, called: 0 };
  walk({ graph, scope, owner: -1, body: "", key: "", callers: [], rename: (name) => name }, all);
  return { ops, inputs, outputs: graph.outputs.map(({ name }) => ({ value: name, from: scope.own.get(name)?.from })) };
}

interface Place {
  readonly graph: Pick<Graph, "nodes" | "initializers" | "sparseInitializers">;
  readonly scope: Scope;
  readonly owner: number;
  readonly body: string;
  /** Ends where its nodes are numbered; empty in the main graph. */
  readonly key: string;
  /** Functions within which it stands. */
  readonly callers: readonly FunctionDefinition[];
  /** What a value is called outside of the function. */
  readonly rename: (name: string) => string;
}

interface Walk {
  readonly ops: FlatOp[];
  readonly bodies: Functions;
  readonly isOpened: (key: string) => boolean;
  readonly step: Step;
  /** Ops within calls so far. */
  called: number;
}

function walk(place: Place, all: Walk): void {
  const { graph, scope, owner, body, callers, rename } = place;
  const { ops } = all;
  all.step(graph.initializers.length);
  if (callers.length > 0) all.called += graph.nodes.length;
  if (all.called > MOST_CALLED) throw tooMany(all.called);
  for (const { name, dims } of graph.initializers) scope.own.set(name, held(dims));
  for (const { values, dims } of graph.sparseInitializers) scope.own.set(values.name, held(dims));
  for (const [number, node] of graph.nodes.entries()) {
    all.step(1 + node.inputs.length);
    const dims = heldBy(node);
    if (dims !== undefined) {
      for (const output of node.outputs) scope.own.set(output, held(dims));
      continue;
    }
    const read = node.inputs.flatMap((value) => {
      const known = value === "" ? undefined : lookUp(scope, value);
      return known === undefined ? [] : [{ value, ...known }];
    });
    const bodies = bodiesOf(node);
    const isConstant = read.length > 0 && bodies.length === 0 && read.every((r) => r.isConstant);
    const isWeight = read.some((r) => r.isConstant && r.isWeight);
    const index = ops.length;
    const sources = read.flatMap(({ from, value }) => (from === undefined ? [] : [{ from, value: rename(value) }]));
    const shown =
      callers.length === 0 ? node : { ...node, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) };
    ops.push({ node: shown, owner, body, sources, isConstant, hasWeight: isWeight && !isConstant });
    const key = `${place.key}${number}`;
    for (const [name, inner] of bodies) {
      const own = new Map(inner.inputs.map((input) => [input.name, made(index)]));
      const within = { scope: { own, outer: scope }, owner: index, body: name, key: `${key}.${name}.` };
      walk({ ...place, ...within, graph: inner }, all);
    }
    const called = all.bodies.get(functionKey(node.domain, node.op, node.overload));
    if (called !== undefined && callers.length < MOST_DEEP && !callers.includes(called)) {
      const { length } = called.nodes;
      const more = all.isOpened(key)
        ? { makes: call(called, { node, shown, index, place: { ...place, key } }, all) }
        : length > 0 && { closed: { key, ops: length } };
      ops[index] = { ...ops[index]!, ...more };
    }
    const known: Known = { from: index, isConstant, isWeight: isConstant && isWeight };
    for (const output of node.outputs) if (output !== "") scope.own.set(output, known);
  }
}

interface Call {
  readonly node: Node;
  /** With the values by the names that they have outside. */
  readonly shown: Node;
  readonly index: number;
  readonly place: Place;
}

/** Walks the body of a function as one call of it runs it. @returns what its outputs are within */
function call(body: FunctionDefinition, { node, shown, index, place }: Call, all: Walk): ReadonlyMap<string, Source> {
  const own = new Map<string, Known>();
  const names = new Map<string, string>();
  body.inputs.forEach((name, slot) => {
    const given = node.inputs[slot] ?? "";
    const known = given === "" ? undefined : lookUp(place.scope, given);
    if (known !== undefined) own.set(name, known);
    names.set(name, shown.inputs[slot] ?? "");
  });
  const prefix = node.name !== "" ? node.name : (shown.outputs.find((o) => o !== "") ?? node.op);
  // An attribute may stand for one of the call.
  const nodes = body.nodes.map((inner): Node => {
    for (const output of inner.outputs) if (output !== "") names.set(output, `${prefix}/${output}`);
    const attributes = Object.entries(inner.attributes).flatMap(([key, a]): [string, Attribute][] => {
      if (a.kind !== "reference") return [[key, a]];
      const found = node.attributes[a.name] ?? body.defaults[a.name];
      return found === undefined ? [] : [[key, found]];
    });
    return { ...inner, attributes: Object.fromEntries(attributes) };
  });
  const rename = (name: string): string => names.get(name) ?? name;
  const graph = { nodes, initializers: [], sparseInitializers: [] };
  const callers = [...place.callers, body];
  walk({ graph, scope: { own }, owner: index, body: body.name, key: `${place.key}.`, callers, rename }, all);
  return new Map(
    body.outputs.flatMap((name, slot): [string, Source][] => {
      const outside = shown.outputs[slot] ?? "";
      const from = own.get(name)?.from;
      return outside === "" || from === undefined ? [] : [[outside, { from, value: rename(name) }]];
    }),
  );
}

function tooMany(ops: number): LatheError {
  return new LatheError(
    "limit-exceeded",
    `The functions that are open stand for "${ops}" ops or more; at most ${MOST_CALLED} can be shown at a time.`,
    { hint: "Close some of them first." },
  );
}

const made = (from: number): Known => ({ from, isConstant: false, isWeight: false });

function held(dims: readonly number[]): Known {
  return { isConstant: true, isWeight: dims.length >= 2 && elementCount(dims) >= WEIGHT_ELEMENTS };
}

function lookUp(scope: Scope, name: string): Known | undefined {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const known = at.own.get(name);
    if (known !== undefined) return known;
  }
  return undefined;
}

/** Shape of what a node without inputs holds in an attribute; undefined for a node that computes. */
function heldBy({ inputs, attributes }: Node): readonly number[] | undefined {
  if (inputs.length > 0) return undefined;
  const values = Object.values(attributes);
  for (const a of values) {
    if (a.kind === "tensor") return a.value.dims;
    if (a.kind === "sparse-tensor") return a.value.dims;
  }
  const isPlain = values.length === 1 && Object.keys(attributes)[0]?.startsWith("value_") === true;
  return isPlain ? [] : undefined;
}

/** The graphs that a node carries, by attribute. */
export function bodiesOf(node: Node): readonly (readonly [string, Graph])[] {
  return Object.entries(node.attributes).flatMap(([name, a]): (readonly [string, Graph])[] => {
    if (a.kind === "graph") return [[name, a.value]];
    return a.kind === "graphs" ? a.value.map((g, i) => [`${name}.${i}`, g] as const) : [];
  });
}
