import { LatheError } from "../base/error.ts";
import { intOf } from "../graph/attributes.ts";
import { value } from "../graph/build.ts";
import type { Model, Node, Value } from "../graph/model.ts";
import { indexGraph } from "../graph/uses.ts";
import type { FoundShapes } from "../measure/shapes.ts";
import { startDraft } from "../autodiff/writer.ts";
import { axisOf } from "../ops/constants.ts";
import { lossOf, type LossSpec } from "./losses.ts";
import type { TargetKind } from "./losses/loss.ts";
import { number } from "./losses/parts.ts";

/** One output that is trained, and what it is compared with. */
export interface HeadSpec {
  /** Output of the model; default: the first. */
  readonly output?: string;
  readonly loss: LossSpec;
  /** What the targets are; default: the first kind that the loss takes. */
  readonly target?: TargetKind;
  /** Axis of the output that runs over the classes; from the end where negative. Default 1. */
  readonly classAxis?: number;
  /** Factor of its loss in the sum; default 1. */
  readonly weight?: number;
}

export interface Head {
  readonly output: string;
  readonly kind: TargetKind;
  /** Graph input for the targets. */
  readonly target: string;
  /** Sizes of the targets; the first is the batch. */
  readonly dims: readonly (number | string)[];
  /** Size of the output's class axis, where it has one of known size. */
  readonly classes: number | undefined;
  /** Scalar loss before its weight. */
  readonly loss: string;
}

export interface LossGraph {
  /** The model with its losses; its outputs are as they were. */
  readonly model: Model;
  readonly heads: readonly Head[];
  /** Σ weight·loss, a scalar. */
  readonly total: string;
}

/**
 * Writes the losses behind a model.
 * @param shapes of the model's values
 * @throws invalid-recipe for an output that is not there, a target that a loss cannot take, or no head at all
 */
export function addLosses(model: Model, specs: readonly HeadSpec[], shapes: FoundShapes): LossGraph {
  const { graph } = model;
  const facts = (name: string) => shapes.values.get(name);
  const write = startDraft(graph, { opset: model.opsets[""] ?? 0, facts, prefix: "loss" });
  const index = indexGraph(graph);
  const inputs: Value[] = [];
  const terms: string[] = [];
  const heads = specs.map((spec): Head => {
    const output = spec.output ?? graph.outputs[0]?.name ?? "";
    const loss = lossOf(spec.loss);
    const kind = spec.target ?? loss.targets[0]!;
    const dims = checkHead(model, { output, kind, spec, dims: shapes.values.get(output)?.dims });
    const axis = axisOf(spec.classAxis ?? 1, dims.length);
    const maker = index.producer.get(output);
    const isOwn = maker !== undefined && loss.activation === maker.op && alongClasses(maker, axis, dims.length);
    const target = write.fresh(`target.${output}`);
    const sizes = kind === "classes" ? dims.filter((_, at) => at !== axis) : dims;
    inputs.push(value(target, kind === "classes" ? "int64" : "float32", sizes));
    write.note(target, { type: kind === "classes" ? "int64" : "float32", dims: sizes });
    const call = { output: isOwn ? (maker.inputs[0] ?? "") : output, target, dims, axis, kind };
    const term = loss.write(write, call);
    terms.push(
      spec.weight === undefined || spec.weight === 1 ? term : write.op("Mul", [term, number(write, spec.weight)]),
    );
    const classes = typeof dims[axis] === "number" ? dims[axis] : undefined;
    return { output, kind, target, dims: sizes, classes, loss: term };
  });
  const [first] = terms;
  if (first === undefined)
    throw new LatheError("invalid-recipe", "There is no loss to train with.", {
      hint: "Give at least one head.",
    });
  const total = terms.length === 1 ? first : write.op("Sum", terms);
  const after = {
    ...graph,
    inputs: [...graph.inputs, ...inputs],
    nodes: [...graph.nodes, ...write.nodes],
    initializers: [...graph.initializers, ...write.initializers],
  };
  return { model: Object.freeze({ ...model, graph: Object.freeze(after) }), heads, total };
}

/** Whether an activation at the end of the model works along the class axis; one without an axis does for any. */
function alongClasses(maker: Node, axis: number, rank: number): boolean {
  return maker.op !== "Softmax" || axisOf(intOf(maker, "axis", -1), rank) === axis;
}

interface Wanted {
  readonly output: string;
  readonly kind: TargetKind;
  readonly spec: HeadSpec;
  readonly dims: readonly (number | string)[] | undefined;
}

function checkHead(model: Model, { output, kind, spec, dims }: Wanted): readonly (number | string)[] {
  const { targets } = lossOf(spec.loss);
  if (!model.graph.outputs.some((o) => o.name === output) || dims === undefined) {
    const names = model.graph.outputs.map((o) => o.name).join(", ");
    throw new LatheError("invalid-recipe", `The model has no output "${output}" to train.`, {
      hint: `Its outputs are: ${names}.`,
    });
  }
  if (!targets.includes(kind)) {
    throw new LatheError("invalid-recipe", `The loss ${spec.loss.kind} takes no targets of kind "${kind}".`, {
      hint: `It takes: ${targets.join(", ")}.`,
    });
  }
  const axis = axisOf(spec.classAxis ?? 1, dims.length);
  if (spec.classAxis !== undefined && (axis < 1 || axis >= dims.length)) {
    throw new LatheError(
      "invalid-recipe",
      `The output "${output}" of [${dims.join(",")}] has no class axis "${spec.classAxis}".`,
      {
        hint: `Give an axis from 1 to ${dims.length - 1}, or -1 for the last.`,
      },
    );
  }
  return dims;
}
