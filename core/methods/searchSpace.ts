import { elementCount } from "../base/array.ts";
import { LatheError } from "../base/error.ts";
import type { Json } from "../base/json.ts";
import type { Applicability } from "../contract/method.ts";
import type { Trial } from "../contract/trial.ts";
import type { Model, Value } from "../graph/model.ts";
import { spaceOf, type Point, type Space } from "../search/space.ts";
import { checkPoint } from "../search/points.ts";
import type { Architecture } from "../zoo/build.ts";
import { findNet } from "../zoo/catalogue.ts";
import { countNet } from "../zoo/count.ts";

/** What a search looks for nets for: the sizes of the model that it starts from. */
export interface Task {
  /** Sizes of one sample. */
  readonly input: readonly number[];
  readonly classes: number;
}

/** Parameters of a net by name. */
export type NetPoint = Trial["point"];

/** A family of nets for a task. */
export interface NetSpace {
  readonly space: Space;
  readonly task: Task;
  describe(point: Point): Architecture;
  /** With drawn weights. */
  build(point: Point, seed: number): Model;
  /** The family's net with its default parameters. */
  reference(seed: number): Model;
}

/** @throws unsupported where the model is no classifier of one input of known size */
export function taskOf(model: Model): Task {
  const found = sizesOfTask(model);
  if ("task" in found) return found.task;
  throw new LatheError("unsupported", found.reason, { hint: "Start from a classifier of single samples." });
}

/** Whether a search can tell from a model what its nets have to do. */
export function needsTask(model: Model, notes: readonly string[] = []): Applicability {
  const found = sizesOfTask(model);
  if ("task" in found) return { applies: true, notes: [...notes] };
  return { applies: false, reason: found.reason, hint: "Start from a classifier of single samples." };
}

function sizesOfTask({ graph }: Model): { readonly task: Task } | { readonly reason: string } {
  const constants = new Set(graph.initializers.map((t) => t.name));
  const inputs = graph.inputs.filter((v) => !constants.has(v.name));
  const [input, output] = [inputs[0] && sizesOf(inputs[0]), graph.outputs[0] && sizesOf(graph.outputs[0])];
  if (inputs.length !== 1)
    return { reason: `The model has "${inputs.length}" inputs, and a search knows nets with one.` };
  const sizes = input?.slice(1).map(Number);
  const classes = output?.at(-1);
  if (sizes === undefined || sizes.length === 0 || !sizes.every((d) => d > 0) || typeof classes !== "number") {
    return { reason: `The sizes of the input "${inputs[0]!.name}" and of the first output are not known.` };
  }
  return { task: { input: sizes, classes } };
}

function sizesOf({ type }: Value): readonly (number | string | undefined)[] | undefined {
  return type?.kind === "tensor" ? type.dims?.map((d) => d.size) : undefined;
}

/**
 * The space of a family of the zoo.
 * @param narrowed JSON text: by parameter the values to choose from, or a JSON Schema; "" leaves the family's own
 * @throws invalid-recipe for text that is no such JSON; not-found for a family that the zoo does not have
 */
export function netSpace(net: string, narrowed: string, task: Task): NetSpace {
  const found = findNet(net);
  const schema = found.info.params as { readonly properties?: Readonly<Record<string, object>> };
  const properties = { ...schema.properties };
  for (const [name, value] of Object.entries(parseObject(narrowed, "space"))) {
    const own = properties[name];
    if (own === undefined) {
      throw new LatheError("invalid-recipe", `"${net}" has no parameter "${name}" to search.`, {
        hint: `Its parameters are: ${Object.keys(properties).join(", ")}.`,
      });
    }
    properties[name] = Array.isArray(value) ? { ...own, search: value } : (value as object);
  }
  const space = spaceOf({ ...schema, properties });
  const request = (point: Point): { input: readonly number[]; classes: number; params: NetPoint } => ({
    ...task,
    params: point as NetPoint,
  });
  return Object.freeze<NetSpace>({
    space,
    task,
    describe: (point) => found.describe(request(point)),
    build: (point, seed) => found.build({ ...request(point), seed }),
    reference: (seed) => found.build({ ...task, seed }),
  });
}

/** Points from JSON texts. @throws invalid-recipe for text that is none; invalid-argument for points outside the space */
export function givenPoints(texts: readonly string[], space: Space): readonly Point[] {
  return texts.map((text) => {
    const point = parseObject(text, "start");
    checkPoint(space, point);
    return point;
  });
}

function parseObject(text: string, parameter: string): Readonly<Record<string, Json>> {
  if (text.trim() === "") return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // Said below.
  }
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed as Record<string, Json>;
  throw new LatheError("invalid-recipe", `The parameter "${parameter}" is no JSON object: "${text}".`, {
    hint: 'Write for instance {"channels":[8,16]}.',
  });
}

/** What a net costs by count, for one sample: multiply–accumulates, and bytes. */
export interface NetCosts {
  readonly macs: number;
  readonly size: number;
  readonly memory: number;
}

const FLOAT = 4;

/**
 * Costs of a net without its weights. Memory is the weights and the most activations that are alive at once when nodes
 * run in order and every value is freed behind its last use; runtimes need something beside that.
 */
export function costsOfNet(architecture: Architecture): NetCosts {
  const { parameters, macs } = countNet(architecture);
  const { inputs, outputs, values, nodes } = architecture;
  const state = architecture.parameters.filter((p) => p.isState).reduce((sum, p) => sum + elementCount(p.dims), 0);
  const weights = FLOAT * (parameters + state);
  const bytes = new Map(
    [...inputs, ...outputs, ...values].map((v) => {
      const dims = (sizesOf(v) ?? []).map((d) => (typeof d === "number" ? d : 1));
      return [v.name, FLOAT * elementCount(dims)] as const;
    }),
  );
  const last = new Map<string, number>();
  for (const [i, node] of nodes.entries()) for (const name of node.inputs) last.set(name, i);
  let alive = inputs.reduce((sum, v) => sum + (bytes.get(v.name) ?? 0), 0);
  let most = alive;
  for (const [i, node] of nodes.entries()) {
    for (const name of node.outputs) alive += bytes.get(name) ?? 0;
    most = Math.max(most, alive);
    for (const name of new Set(node.inputs)) if (last.get(name) === i) alive -= bytes.get(name) ?? 0;
  }
  return { macs, size: weights, memory: weights + most };
}
