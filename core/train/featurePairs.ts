import { LatheError } from "../base/error.ts";
import type { Model } from "../graph/model.ts";
import { findShapes, type ShapeOptions } from "../measure/shapes.ts";

/** An inner value and the sizes of one sample's: the first is the batch. */
export interface FeatureShape {
  readonly value: string;
  readonly dims: readonly number[];
}

/** Values of student and teacher that show the same thing. */
export interface FeaturePair {
  readonly student: FeatureShape;
  readonly teacher: FeatureShape;
}

/**
 * Float values of a model that lead with the batch, in the order of the graph.
 * @param model constants in memory, with a free batch
 */
export async function featuresOf(model: Model, options: ShapeOptions): Promise<readonly FeatureShape[]> {
  const { values } = await findShapes(model, options);
  return model.graph.nodes.flatMap(({ outputs }) =>
    outputs.flatMap((value): FeatureShape[] => {
      const found = values.get(value);
      const isFeature = found?.type === "float32" && found.dims[0] === "batch" && found.dims.length >= 2;
      if (!isFeature || found.dims.slice(1).some((d) => typeof d === "string")) return [];
      return [{ value, dims: [1, ...found.sizes.slice(1)] }];
    }),
  );
}

/**
 * Pairs by name, "student=teacher".
 * @throws invalid-recipe for what is no pair, not-found for values that are not there
 */
export function namedPairs(
  texts: readonly string[],
  { student, teacher }: { readonly student: readonly FeatureShape[]; readonly teacher: readonly FeatureShape[] },
): readonly FeaturePair[] {
  const find = (name: string, among: readonly FeatureShape[], whose: string): FeatureShape => {
    const found = among.find((f) => f.value === name);
    if (found !== undefined) return found;
    throw new LatheError("not-found", `The ${whose} has no value "${name}" to compare.`, {
      hint: `"lathe inspect" lists the nodes and what they make; the last one is ${among.at(-1)?.value ?? "none"}.`,
    });
  };
  return texts.map((text) => {
    const [left = "", right = "", ...more] = text.split("=");
    if (left === "" || right === "" || more.length > 0) {
      throw new LatheError("invalid-recipe", `"${text}" is no pair of values.`, {
        hint: "Write the student's value, an equals sign and the teacher's: \"layer1.relu=block3.add\".",
      });
    }
    return { student: find(left, student, "student"), teacher: find(right, teacher, "teacher") };
  });
}

/**
 * Pairs by shape: the last value of each size of maps that both have, which is the end of a stage; without maps the last
 * sequence of the same length; without either the last rows of features before the output.
 * @throws unsupported where nothing fits
 */
export function suggestPairs(
  student: readonly FeatureShape[],
  teacher: readonly FeatureShape[],
): readonly FeaturePair[] {
  const pairs = [4, 3].map((rank) => matched(lastOfEach(student, rank), lastOfEach(teacher, rank)));
  const found = pairs.find((p) => p.length > 0) ?? lastRows(student, teacher);
  if (found.length > 0) return found;
  throw new LatheError("unsupported", "Student and teacher have no inner values of the same size.", {
    hint: "Name the pairs, or distil the logits alone.",
  });
}

/** Last value of each size of places, by that size. One place is a summary, not a stage. */
function lastOfEach(shapes: readonly FeatureShape[], rank: number): ReadonlyMap<string, FeatureShape> {
  const places = (dims: readonly number[]): readonly number[] => (rank === 4 ? dims.slice(2) : [dims[1]!]);
  return new Map(
    shapes
      .filter(({ dims }) => dims.length === rank && places(dims).some((d) => d > 1))
      .map((shape) => [places(shape.dims).join("×"), shape] as const),
  );
}

function matched(
  student: ReadonlyMap<string, FeatureShape>,
  teacher: ReadonlyMap<string, FeatureShape>,
): readonly FeaturePair[] {
  return [...student].flatMap(([size, own]): FeaturePair[] => {
    const other = teacher.get(size);
    return other === undefined ? [] : [{ student: own, teacher: other }];
  });
}

/** What goes into the last layer of each. */
function lastRows(student: readonly FeatureShape[], teacher: readonly FeatureShape[]): readonly FeaturePair[] {
  const [own, other] = [student, teacher].map((shapes) => shapes.filter((s) => s.dims.length === 2).at(-2));
  return own === undefined || other === undefined ? [] : [{ student: own, teacher: other }];
}
