import { z } from "zod";
import type { Json } from "../base/json.ts";
import { splitName } from "./dataset.ts";
import { latency } from "./measurement.ts";
import type { ParameterMeta } from "./method.ts";

/** Operator sets that a model can be brought to. */
export const OPSETS = [11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26] as const;

/** Tensors below this stay inside where weights go to an external file. Bytes. */
export const EXTERNAL_ABOVE = 1024;

const said = (meta: ParameterMeta): Record<string, unknown> => ({ ...meta });

/**
 * What may be chosen of an export: the container of a model, not its numbers. This one schema makes the flags of
 * `lathe export`, the form, and what the card records. Without a choice the file stays byte for byte what it is.
 */
export const exportChoices = z.strictObject({
  format: z
    .enum(["keep", "inline", "external", "ort"])
    .default("keep")
    .meta(
      said({
        title: "Format",
        description:
          "keep: ONNX, weights where they are. inline: one ONNX file, up to 2 GiB. external: ONNX with its weights in one file beside it. ort: ONNX Runtime's own format, for its small builds; often slower in the full one.",
      }),
    ),
  opset: z
    .literal(["keep", ...OPSETS])
    .default("keep")
    .meta(
      said({
        title: "Operator set",
        description:
          "The version of ONNX's operators that the model asks for. What a version cannot say the same way is refused, naming the node.",
      }),
    ),
  batch: z
    .string()
    .max(100)
    .default("")
    .meta(
      said({
        title: "Samples in a call",
        description: "Empty: as it is. A number: exactly so many. A name, such as N: any number, under this name.",
      }),
    ),
  rename: z
    .array(z.string().max(500))
    .default([])
    .meta(
      said({
        title: "Names of inputs and outputs",
        description: "Old and new name, as input=image. Programs that run the model call them so.",
        reference: "tensor",
      }),
    ),
  file: z
    .string()
    .max(100)
    .default("model")
    .meta(
      said({
        title: "Name of the model's file",
        description: "Without its ending. Weights beside it bear the same name with .onnx.data behind.",
      }),
    ),
  sizes: z
    .array(z.string().max(200))
    .default([])
    .meta(
      said({
        title: "Fixed sizes",
        description: "Free dimensions other than the samples, as sequence=128. Some targets want all sizes fixed.",
        advanced: true,
      }),
    ),
  texts: z
    .enum(["keep", "tidy"])
    .default("keep")
    .meta(
      said({
        title: "Descriptions",
        description:
          "tidy leaves out documentation, metadata and the names of nodes, which tell how the model was made. Names of tensors stay.",
        advanced: true,
      }),
    ),
  samples: z
    .int()
    .min(1)
    .max(1000)
    .default(16)
    .meta(
      said({
        title: "Samples in the test vectors",
        description:
          "The written file has to give the same for them as the project's model. A fixed number of samples in a call wins.",
        advanced: true,
      }),
    ),
});
export type ExportChoices = z.infer<typeof exportChoices>;
/** Those that were made; the others are as they are by default. */
export type GivenChoices = { readonly [K in keyof ExportChoices]?: ExportChoices[K] | undefined };
export type ExportField = keyof ExportChoices;

/** JSON Schema of the choices, from which flags and fields are made. */
export function exportSchema(): Record<string, Json> {
  return z.toJSONSchema(exportChoices, { io: "input" }) as Record<string, Json>;
}

/** What is wrong with one choice. */
export const exportProblem = z.strictObject({
  field: z.string(),
  message: z.string(),
  hint: z.string().optional(),
});
export type ExportProblem = z.infer<typeof exportProblem>;

/** An input or output; the type as "float32[N,3,32,32]". */
const edge = z.strictObject({ name: z.string(), type: z.string() });
const changed = z.strictObject({ before: edge, after: edge });

/** What an export would write, found without writing or running it. */
export const exportPlan = z.strictObject({
  /** Files that hold the model; bytes are absent where only writing tells. */
  files: z.array(z.strictObject({ name: z.string(), bytes: z.number().optional() })),
  /** The other files of the bundle. */
  others: z.array(z.string()),
  opset: z.strictObject({ before: z.int(), after: z.int() }),
  irVersion: z.strictObject({ before: z.int(), after: z.int() }),
  inputs: z.array(changed),
  outputs: z.array(changed),
  /** What is done to the model, in sentences; none where its bytes stay. */
  changes: z.array(z.string()),
  /** What a choice does not do here. */
  notes: z.array(z.string()),
  problems: z.array(exportProblem),
});
export type ExportPlan = z.infer<typeof exportPlan>;

/** What loading an exported bundle and measuring it again gave. */
export const verification = z.strictObject({
  at: z.string(),
  machine: z.string(),
  /** Of the model's files. */
  bytes: z.number(),
  sha256: z.string(),
  parity: z.strictObject({
    samples: z.int(),
    /** Largest difference of any output element from the project's variant. */
    largest: z.number(),
    /** The difference that is accepted: 0 where nothing but the container changed. */
    allowed: z.number(),
    /** Share of samples with the same top-1. */
    agreement: z.number(),
  }),
  accuracy: z
    .strictObject({ top1: z.number(), recorded: z.number().optional(), split: splitName, samples: z.int() })
    .optional(),
  /** The exported file and the project's, timed in turns. */
  latency: z.strictObject({ exported: latency, project: latency }),
  isVerified: z.literal(true),
});
export type Verification = z.infer<typeof verification>;
