import { elementCount } from "../base/array.ts";
import { LatheError } from "../base/error.ts";
import { seededRandom } from "../base/random.ts";
import { startDraft, type Draft } from "../autodiff/writer.ts";
import { floatTensor } from "../graph/build.ts";
import { removeDeadNodes } from "../graph/edit.ts";
import type { Model, Tensor } from "../graph/model.ts";
import { reduceSum } from "../ops/broadcast.ts";
import { intVector, scalarOf } from "../ops/constants.ts";
import type { HeadSpec } from "./heads.ts";
import type { FeaturePair, FeatureShape } from "./featurePairs.ts";

/**
 * What of inner values a student imitates:
 * - `mse`: the values themselves, through a trainable adapter (FitNets, Romero et al. 2015).
 * - `attention`: where they are large, Σ_c v² as a unit vector (Zagoruyko and Komodakis 2017).
 * - `distance`, `angle`: how the samples of a batch lie to each other (relational knowledge, Park et al. 2019).
 */
export type FeatureLoss = "mse" | "attention" | "distance" | "angle";

/** Loss on what the views of student and teacher show, with the factor that the authors took. */
export const FEATURE_HEADS: Readonly<Record<FeatureLoss, Omit<HeadSpec, "output">>> = {
  mse: { loss: { kind: "mse" }, target: "values", weight: 1 },
  attention: { loss: { kind: "mse" }, target: "values", weight: 1 },
  distance: { loss: { kind: "huber" }, target: "values", weight: 25 },
  angle: { loss: { kind: "huber" }, target: "values", weight: 50 },
};

export interface FeatureOptions {
  readonly loss: FeatureLoss;
  readonly pairs: readonly FeaturePair[];
  readonly seed: number;
}

/** A model with views of inner values among its outputs. */
export interface ViewedModel {
  readonly model: Model;
  /** Outputs with the views, one per pair. */
  readonly views: readonly string[];
  /** Elements of the adapters. */
  readonly adapters: number;
}

const ADAPTER = "adapter";

/**
 * The student with what it shows of its inner values behind its own outputs, adapters included.
 * @param model prepared at opset 13 or newer
 * @throws unsupported for values that the loss cannot compare
 */
export function viewStudent(model: Model, { loss, pairs, seed }: FeatureOptions): ViewedModel {
  let adapters = 0;
  const found = addViews(model, pairs, (write, { student, teacher }, constants) => {
    const shown = pooled(write, student, ratio(student, teacher));
    if (loss !== "mse") return view(write, loss, { ...student, value: shown });
    const adapter = adapterOf({ student, teacher }, write.fresh(`${ADAPTER}.${student.value}`), seed);
    constants.push(adapter);
    adapters += elementCount(adapter.dims);
    return adapted(write, { value: shown, adapter: adapter.name, rank: student.dims.length });
  });
  return { ...found, adapters };
}

/** The teacher with the same views of its inner values. */
export function viewTeacher(model: Model, { loss, pairs }: Omit<FeatureOptions, "seed">): ViewedModel {
  const found = addViews(model, pairs, (write, { student, teacher }) => {
    const shown = pooled(write, teacher, ratio(teacher, student));
    return view(write, loss, { ...teacher, value: shown });
  });
  return { ...found, adapters: 0 };
}

/** The student as it was before `viewStudent`, with the constants that it has now. */
export function withoutViews(trained: Model, before: Model): Model {
  const names = new Set(before.graph.outputs.map((o) => o.name));
  const outputs = trained.graph.outputs.filter((o) => names.has(o.name));
  return Object.freeze({ ...trained, graph: removeDeadNodes({ ...trained.graph, outputs }) });
}

function addViews(
  model: Model,
  pairs: readonly FeaturePair[],
  show: (write: Draft, pair: FeaturePair, constants: Tensor[]) => string,
): { readonly model: Model; readonly views: readonly string[] } {
  const { graph } = model;
  const write = startDraft(graph, { opset: model.opsets[""] ?? 0, facts: () => undefined, prefix: "view" });
  const constants: Tensor[] = [];
  const views = pairs.map((pair) => show(write, pair, constants));
  const after = {
    ...graph,
    nodes: [...graph.nodes, ...write.nodes],
    initializers: [...graph.initializers, ...constants, ...write.initializers],
    outputs: [
      ...graph.outputs,
      ...views.filter((v) => !graph.outputs.some((o) => o.name === v)).map((name) => ({ name })),
    ],
  };
  return { model: Object.freeze({ ...model, graph: Object.freeze(after) }), views };
}

/** How many times larger the one's height and width are; 1 where they are not. */
function ratio(own: FeatureShape, other: FeatureShape): number {
  if (own.dims.length !== 4 || other.dims.length !== 4) return 1;
  const [height, width] = [2, 3].map((axis) => own.dims[axis]! / other.dims[axis]!);
  if (height === width && Number.isInteger(height)) return height!;
  if (height === width && Number.isInteger(1 / height!)) return 1;
  throw new LatheError(
    "unsupported",
    `"${own.value}" of [${own.dims.join(",")}] and "${other.value}" of [${other.dims.join(",")}] do not lie over each other.`,
    { hint: "Pair values whose height and width are the same or a whole multiple." },
  );
}

function pooled(write: Draft, { value }: FeatureShape, by: number): string {
  if (by === 1) return value;
  return write.op("AveragePool", [value], { kernel_shape: [by, by], strides: [by, by] });
}

const RANKS: Readonly<Record<FeatureLoss, readonly number[]>> = {
  mse: [2, 3, 4],
  attention: [3, 4],
  distance: [2, 3, 4],
  angle: [2, 3, 4],
};

function view(write: Draft, loss: FeatureLoss, shape: FeatureShape): string {
  const { value, dims } = shape;
  if (!RANKS[loss].includes(dims.length)) {
    throw new LatheError("unsupported", `The loss ${loss} cannot compare "${value}" of [${dims.join(",")}].`, {
      hint: `It takes values with ${RANKS[loss].join(" or ")} axes, the batch first.`,
    });
  }
  switch (loss) {
    case "mse":
      return write.op("Identity", [value]);
    case "attention":
      return attention(write, shape);
    case "distance":
      return distances(write, awayFrom(write, rows(write, shape)));
    case "angle":
      return angles(write, awayFrom(write, rows(write, shape)));
  }
}

/** Unit vectors times √places, so that the mean over places is the sum that the paper takes. */
function attention(write: Draft, { value, dims }: FeatureShape): string {
  const channels = dims.length === 4 ? 1 : 2;
  const energy = reduceSum(write, write.op("Mul", [value, value]), { axes: [channels], keep: false });
  const flat = write.op("Flatten", [energy], { axis: 1 });
  const places = elementCount(dims.slice(1)) / dims[channels]!;
  const square = reduceSum(write, write.op("Mul", [flat, flat]), { axes: [1], keep: true });
  const length = write.op("Sqrt", [write.op("Max", [square, scalarOf(write, 1e-12, "float32")])]);
  return write.op("Div", [write.op("Mul", [flat, scalarOf(write, Math.sqrt(places), "float32")]), length]);
}

/** One row per sample: the mean over places. */
function rows(write: Draft, { value, dims }: FeatureShape): string {
  if (dims.length === 4) return write.op("Flatten", [write.op("GlobalAveragePool", [value])], { axis: 1 });
  if (dims.length === 2) return value;
  const places = scalarOf(write, dims[1]!, "float32");
  return write.op("Div", [reduceSum(write, value, { axes: [1], keep: false }), places]);
}

interface Differences {
  /** x_i − x_j as [i, j, features]. */
  readonly away: string;
  /** Its length as [i, j, 1]. */
  readonly length: string;
}

function awayFrom(write: Draft, x: string): Differences {
  const [left, right] = [1, 0].map((axis) => write.op("Unsqueeze", [x, intVector(write, [axis])]));
  const away = write.op("Sub", [left!, right!]);
  const square = reduceSum(write, write.op("Mul", [away, away]), { axes: [2], keep: true });
  // The root has no slope at 0, where a sample meets itself.
  return { away, length: write.op("Sqrt", [write.op("Max", [square, scalarOf(write, 1e-12, "float32")])]) };
}

/** ‖x_i − x_j‖ over the mean of all such, as [i, j]. */
function distances(write: Draft, { length }: Differences): string {
  const flat = write.op("Squeeze", [length, intVector(write, [2])]);
  const mean = write.op("ReduceMean", [flat], { keepdims: 0 });
  return write.op("Div", [flat, mean]);
}

/** Cosine of the angle at sample j between i and k, as [j, i, k]. */
function angles(write: Draft, { away, length }: Differences): string {
  const unit = write.op("Div", [away, length]);
  return write.op("MatMul", [unit, write.op("Transpose", [unit], { perm: [0, 2, 1] })]);
}

/** Weights from student to teacher channels, of variance 1/student channels. */
function adapterOf({ student, teacher }: FeaturePair, name: string, seed: number): Tensor {
  const rank = student.dims.length;
  if (rank !== teacher.dims.length || !RANKS.mse.includes(rank)) {
    throw new LatheError(
      "unsupported",
      `"${student.value}" of [${student.dims.join(",")}] cannot be brought to "${teacher.value}" of [${teacher.dims.join(",")}].`,
      {
        hint: "Pair values with as many axes: [batch, channels, height, width], [batch, places, channels] or [batch, features].",
      },
    );
  }
  const axis = rank === 4 ? 1 : rank - 1;
  const [from, to] = [student.dims[axis]!, teacher.dims[axis]!];
  const random = seededRandom(seed, name);
  const data = Float32Array.from({ length: from * to }, () => random.normal() / Math.sqrt(from));
  return floatTensor(name, rank === 4 ? [to, from, 1, 1] : [from, to], data);
}

function adapted(
  write: Draft,
  { value, adapter, rank }: { readonly value: string; readonly adapter: string; readonly rank: number },
): string {
  return write.op(rank === 4 ? "Conv" : "MatMul", [value, adapter]);
}
