import { z } from "zod";
import { FIGURES, type FigureId } from "./figures.ts";

/** What the model viewer shows: the engine finds blocks, folds figures and compares; pages lay out and draw. */

export { FIGURES, type FigureId };
export const figureId = z.enum(FIGURES.map((f) => f.id) as [FigureId, ...FigureId[]]);

/**
 * Parameters and multiply–accumulates as counts, time in milliseconds per call, sparsity as a fraction, sensitivity as
 * divergence of the outputs in nats where only this layer is quantised, error as signal to noise of those in dB.
 */
export const partFigures = z.strictObject(
  Object.fromEntries(FIGURES.map((f) => [f.id, z.number().optional()])) as Record<FigureId, z.ZodOptional<z.ZodNumber>>,
);
export type PartFigures = z.infer<typeof partFigures>;

export const partForm = z.enum(["op", "scope", "layer", "branches", "repeat", "section", "body", "input", "output"]);
export type PartForm = z.infer<typeof partForm>;

/** How many ops of a part are new, gone or different beside another model; "gone" ones are in the other model. */
export const partChange = z.strictObject({ added: z.int(), removed: z.int(), changed: z.int() });
export type PartChange = z.infer<typeof partChange>;

export const modelPart = z.strictObject({
  id: z.string(),
  /** The open block around it. */
  within: z.string().nullable(),
  form: partForm,
  label: z.string(),
  /** The node's own name; empty for blocks. */
  name: z.string(),
  /** Operator, or those of a block with their counts. */
  op: z.string(),
  /** Ops within; 1 for an op. */
  ops: z.int(),
  /** Parts that opening it shows; 0 where there is nothing to open. */
  parts: z.int(),
  isOpen: z.boolean(),
  /** Shapes as text: "1×3×224×224". */
  input: z.string().optional(),
  output: z.string().optional(),
  /** Element type: of the weights where it has any, otherwise of the output. */
  type: z.string().optional(),
  figures: partFigures,
  change: partChange.optional(),
});
export type ModelPart = z.infer<typeof modelPart>;

export const modelEdge = z.strictObject({
  from: z.string(),
  to: z.string(),
  /** Names of the values, the first few. */
  values: z.array(z.string()),
  count: z.int(),
  shape: z.string().optional(),
});
export type ModelEdge = z.infer<typeof modelEdge>;

export const modelView = z.strictObject({
  variant: z.string(),
  name: z.string(),
  /** Of the model and its external data; equal for equal views of equal blocks. */
  sha256: z.string(),
  /** Ops in all, bodies of ops included. */
  ops: z.int(),
  /** In the order of the graph, blocks before their parts. */
  parts: z.array(modelPart),
  edges: z.array(modelEdge),
  /** Blocks that are open; where more were asked for, those asked for first were left closed. */
  open: z.array(z.string()),
  isFull: z.boolean(),
  /** What is known of at least one op. */
  known: z.array(figureId),
  totals: partFigures,
  /** Shapes and MACs are unknown until it has run once. */
  lacksShapes: z.boolean(),
  notRunnable: z.string().optional(),
});
export type ModelView = z.infer<typeof modelView>;

export const foundPart = z.strictObject({
  id: z.string(),
  label: z.string(),
  op: z.string(),
  /** Blocks around it, outermost first. */
  within: z.array(z.string()),
  /** What fits: "name", "operator", "tensor x", "shape 1×64". */
  because: z.string(),
});
export const foundParts = z.strictObject({ found: z.array(foundPart), total: z.int() });
export type FoundParts = z.infer<typeof foundParts>;

const endFacts = z.strictObject({
  /** The operator's name for it is not in the file; its place is. */
  place: z.int(),
  name: z.string(),
  kind: z.enum(["value", "constant", "omitted"]),
  type: z.string().optional(),
  shape: z.string().optional(),
  /** Of a constant: bytes as stored, and whether figures of it can be asked for. */
  bytes: z.number().optional(),
  hasNumbers: z.boolean().optional(),
  /** Its elements where they are few. */
  text: z.string().optional(),
});
export type EndFacts = z.infer<typeof endFacts>;

/** All that the file says of one op, and what was measured of it. */
export const partFacts = z.strictObject({
  id: z.string(),
  label: z.string(),
  form: partForm,
  name: z.string(),
  op: z.string(),
  domain: z.string(),
  within: z.array(z.strictObject({ id: z.string(), label: z.string() })),
  attributes: z.array(z.strictObject({ name: z.string(), value: z.string() })),
  inputs: z.array(endFacts),
  outputs: z.array(endFacts),
  /** Operators of a block, most frequent first. */
  operators: z.array(z.strictObject({ op: z.string(), count: z.int() })),
  figures: partFigures,
  doc: z.string().optional(),
  /** What differs beside the other model, in words. */
  changes: z.array(z.string()),
});
export type PartFacts = z.infer<typeof partFacts>;

/** Figures of a constant's elements. Those of a large one come from a sample of them. */
export const tensorFacts = z.strictObject({
  name: z.string(),
  type: z.string(),
  shape: z.string(),
  bits: z.number(),
  bytes: z.number(),
  elements: z.number(),
  /** How many were looked at. */
  counted: z.number(),
  minimum: z.number(),
  maximum: z.number(),
  mean: z.number(),
  deviation: z.number(),
  zeros: z.number(),
  /** NaN and infinities. */
  nonFinite: z.number(),
  /** Counts over equal intervals from minimum to maximum. */
  bins: z.array(z.number()),
});
export type TensorFacts = z.infer<typeof tensorFacts>;

/** A difference of one op between two models. */
export const opChange = z.strictObject({
  kind: z.enum(["added", "removed", "changed"]),
  /** The part in the model that has it; the same in both where both have it. */
  id: z.string(),
  name: z.string(),
  op: z.string(),
  /** Whether it has weights. */
  isLayer: z.boolean(),
  what: z.array(z.string()),
  before: partFigures.optional(),
  after: partFigures.optional(),
});
export type OpChange = z.infer<typeof opChange>;
