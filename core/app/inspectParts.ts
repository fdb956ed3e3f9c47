import { resolve } from "node:path";
import { formatCount, formatFixed, formatMilliseconds } from "../base/format.ts";
import type { Host } from "../base/host.ts";
import type { Layer } from "../contract/measurement.ts";
import type { TensorFacts } from "../contract/modelView.ts";
import type { Part } from "../graph/parts.ts";
import { withModelFile } from "./modelFiles.ts";
import { findVariant, type Project, type Work } from "./project.ts";
import { figuresOf, foldFigures, NO_FACTS } from "./viewer/figures.ts";
import { openShelf, type ModelFile } from "./viewer/opened.ts";
import { profileFile } from "./viewer/profile.ts";
import { contentKey } from "./viewer/subject.ts";
import { viewerTasks } from "./viewer/tasks.ts";

/** A block or op with what it holds, as the model viewer shows it. */
export interface InspectedPart {
  readonly id: string;
  readonly label: string;
  readonly op?: string;
  readonly ops: number;
  /** Of a function that was not looked into, since all that functions stand for would be too much: its own ops. */
  readonly unopened?: number;
  readonly parameters: number;
  readonly parts: readonly InspectedPart[];
}

/** Hands the file behind a path or a variant to `use`. */
export async function withInspected<T>(
  from: { readonly path: string } | { readonly project: Project; readonly variant: string },
  use: (file: ModelFile) => Promise<T>,
): Promise<T> {
  if ("path" in from) return use({ key: from.path, path: resolve(from.path), name: from.path, bytes: 0 });
  const variant = findVariant(from.project, from.variant);
  return withModelFile(from.project, variant, (path) =>
    use({ key: contentKey(variant), path, name: variant.name, bytes: variant.model.bytes }),
  );
}

/** The blocks of a model, and their ops, as data and as text. */
export async function inspectParts(
  file: ModelFile,
  host: Host,
): Promise<{ readonly parts: readonly InspectedPart[]; readonly text: string }> {
  const opened = await openShelf(host).open(file);
  const figures = figuresOf(opened, NO_FACTS, undefined);
  const { flat } = opened.parts;
  const describe = (part: Part): InspectedPart => ({
    id: part.id,
    label: part.label,
    ...(part.form === "op" && { op: flat.ops[part.ops[0]!]!.node.op }),
    ops: part.ops.length,
    ...(part.unopened !== undefined && { unopened: part.unopened }),
    parameters: foldFigures(part, figures).parameters ?? 0,
    parts: part.parts.map(describe),
  });
  const parts = opened.parts.parts.map(describe);
  const lines = (list: readonly InspectedPart[], indent: string): string[] =>
    list.flatMap(({ label, op, ops, unopened, parameters, parts }) => {
      const weights = parameters === 0 ? "" : `, ${formatCount(parameters)} parameters`;
      const hidden = unopened === undefined ? "" : `, a function of ${unopened} ops that is not opened`;
      const head = op === undefined ? `${label} (${ops} ops${weights})` : `${op} ${label}${weights}${hidden}`;
      return [indent + head, ...lines(parts, `${indent}  `)];
    });
  return { parts, text: lines(parts, "").join("\n") };
}

/** Range, zeros and histogram of a constant, by its name. @throws not-found */
export async function inspectConstant(
  file: ModelFile,
  name: string,
  host: Host,
): Promise<{ readonly facts: TensorFacts; readonly text: string }> {
  const facts = (await viewerTasks(host)({ kind: "tensor", subject: { file, facts: NO_FACTS }, name })) as TensorFacts;
  const { type, shape, elements, counted, minimum, maximum, mean, deviation, zeros, nonFinite } = facts;
  const lines = [
    `${name}: ${type}, ${shape}, ${formatCount(elements)} elements`,
    `  from ${minimum} to ${maximum}, mean ${mean}, standard deviation ${deviation}`,
    `  ${formatFixed(counted === 0 ? 0 : (100 * zeros) / counted, 1)} % zeros${nonFinite === 0 ? "" : `, ${nonFinite} NaN or infinite`}`,
    ...(counted < elements ? [`  from ${formatCount(counted)} elements spread evenly over it`] : []),
  ];
  return { facts, text: lines.join("\n") };
}

/** Shape, arithmetic and time of each node, from running the model. */
export async function inspectLayers(
  file: ModelFile,
  work: Work,
): Promise<{ readonly layers: readonly Layer[]; readonly text: string }> {
  const layers = await profileFile(file.path, { ...work, times: true });
  const text = layers.map(({ node, op, outputShape, macs, time }) =>
    [
      `${op} ${node}`,
      outputShape === undefined ? "" : `[${outputShape.join(",")}]`,
      macs === 0 ? "" : `${formatCount(macs)} MACs`,
      time === undefined ? "" : formatMilliseconds(time),
    ]
      .filter((t) => t !== "")
      .join("  "),
  );
  return { layers, text: text.join("\n") };
}
