import type { ErrorCode } from "../base/error.ts";
import { LatheError, toLatheError } from "../base/error.ts";
import { formatBytes } from "../base/format.ts";
import type { Host } from "../base/host.ts";
import { EXTERNAL_ABOVE, type ExportChoices, type ExportField } from "../contract/export.ts";
import { opsetOf } from "../graph/domains.ts";
import type { Model, Tensor } from "../graph/model.ts";
import { LARGEST_FILE } from "../onnx/encode.ts";
import { mapTensors, tensorsOf } from "../graph/tensors.ts";
import { measureModel, type WriteOptions } from "../onnx/write.ts";
import { withSession } from "../runtime/session.ts";
import { changeOpset } from "../transform/changeOpset.ts";
import { calledInputs, renameValues } from "../transform/edges.ts";
import { tidyTexts } from "../transform/tidyTexts.ts";
import { chooseBatch, chooseSizes, type Made } from "./exportBatch.ts";

export interface Problem {
  /** "variant" where no choice would help. */
  readonly field: ExportField | "variant";
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

/** A model with all choices made. */
export interface Shaped {
  readonly model: Model;
  /** Whether the source's own bytes are what is written. */
  readonly isSame: boolean;
  /** Whether nothing that computes was touched, so that outputs have to be equal to the bit. */
  readonly isExact: boolean;
  readonly changes: readonly string[];
  /** What a choice does not do here. */
  readonly notes: readonly string[];
  readonly problems: readonly Problem[];
}

export interface ShapeWork {
  readonly host: Host;
  readonly signal: AbortSignal;
}

/** Makes the choices that concern what is inside of a model, one after the other. What cannot be is a problem. */
export async function shapeExport(source: Model, choices: ExportChoices, work: ShapeWork): Promise<Shaped> {
  const changes: string[] = [];
  const problems: Problem[] = [];
  let model = source;
  let isExact = choices.format !== "ort";
  const take = (field: ExportField, made: Made, code: ErrorCode = "invalid-argument"): boolean => {
    if ("reason" in made) problems.push({ field, code, message: made.reason, hint: made.hint });
    else if (made.change !== undefined) changes.push(made.change);
    const isChanged = "model" in made && made.model !== model;
    if ("model" in made) model = made.model;
    return isChanged;
  };
  if (choices.opset !== "keep" && take("opset", await chooseOpset(model, choices.opset, work), "unsupported"))
    isExact = false;
  if (take("batch", await chooseBatch(model, choices.batch, work))) isExact = false;
  if (take("sizes", chooseSizes(model, choices.sizes))) isExact = false;
  take("rename", rename(model, choices.rename));
  if (choices.texts === "tidy")
    take("texts", { model: tidyTexts(model), change: "Leaves out documentation, metadata and names of nodes." });
  const tensors = [...tensorsOf(source)];
  const isOutside = tensors.some((t) => t.data.kind === "external");
  const notes: string[] = [];
  let isMoved = choices.format === "ort" || (choices.format === "inline" && isOutside);
  if (choices.format === "external") {
    isMoved = isOutside || model.graph.initializers.some((t) => lengthOf(t) > EXTERNAL_ABOVE);
    if (!isMoved) notes.push("No constant takes more than 1 KiB, so all of them stay inside of the model's file.");
  }
  if (isMoved) changes.push(MOVES[choices.format]);
  return { model, isSame: model === source && !isMoved, isExact, changes, notes, problems };
}

const MOVES: Readonly<Record<ExportChoices["format"], string>> = {
  keep: "",
  inline: "Puts all weights into the model's file.",
  external: "Puts weights into one file beside the model.",
  ort: "Is written by ONNX Runtime in its own format, with its rewrites that hold on every processor.",
};

async function chooseOpset(model: Model, to: number, { host }: ShapeWork): Promise<Made> {
  const from = opsetOf(model);
  const refuse = (why: string): Made => ({
    reason: `The model cannot be brought from opset ${from} to "${to}": ${why}.`,
    hint: "Choose another operator set, or keep the model's own.",
  });
  const changed = changeOpset(model, to);
  if ("reason" in changed) return refuse(changed.reason);
  if (changed.model === model) return { model };
  // Older definitions take fewer element types, which the runtime alone knows of every value.
  const missing = to < from ? await whyNotLoaded(changed.model, host) : undefined;
  if (missing !== undefined) return refuse(missing);
  return { model: changed.model, change: `Is brought from operator set ${from} to ${to}.` };
}

async function whyNotLoaded(model: Model, host: Host): Promise<string | undefined> {
  try {
    await withSession(model, { host, optimization: "none" }, () => Promise.resolve());
    return undefined;
  } catch (thrown) {
    const { message } = toLatheError(thrown);
    return (/Type Error: (.*)/.exec(message)?.[1] ?? message).trim().replace(/\.$/, "");
  }
}

function rename(model: Model, wishes: readonly string[]): Made {
  const edges = [...calledInputs(model.graph), ...model.graph.outputs].map((v) => v.name);
  const names = new Map<string, string>();
  for (const wish of wishes) {
    // Names may contain "=" themselves: the longest that fits is meant.
    const from = edges.filter((name) => wish.startsWith(`${name}=`)).toSorted((a, b) => b.length - a.length)[0];
    if (from === undefined) {
      return {
        reason: `"${wish}" names no input or output.`,
        hint: `Write one of them, "=" and its new name: ${edges.join(", ")}.`,
      };
    }
    const to = wish.slice(from.length + 1).trim();
    if (to === "" || /[\p{Cc}\p{Cf}]/u.test(to))
      return { reason: `"${to}" cannot be the name of "${from}".`, hint: "Use letters, digits, dots and dashes." };
    if (names.has(from)) return { reason: `"${from}" is given two names.`, hint: "Give it one." };
    names.set(from, to);
  }
  const finals = new Map<string, string>();
  for (const name of new Set(edges)) {
    const to = names.get(name) ?? name;
    const other = finals.get(to);
    if (other !== undefined) {
      return {
        reason: `"${other}" and "${name}" would both be called "${to}".`,
        hint: "Inputs and outputs need names of their own.",
      };
    }
    finals.set(to, name);
  }
  for (const [from, to] of names) if (from === to) names.delete(from);
  if (names.size === 0) return { model };
  const told = [...names].map(([from, to]) => `${from} → ${to}`).join(", ");
  return { model: renameValues(model, names), change: `Renames: ${told}.` };
}

/** The model's files in a bundle. */
export interface ModelFiles {
  /** The file that a runtime opens. */
  readonly main: string;
  /** One file with weights, where any is written. */
  readonly data: string;
  readonly write: Pick<WriteOptions, "externalAbove" | "externalName">;
}

/** Where a model goes, by the choices. */
export function filesFor({ file, format }: ExportChoices): ModelFiles {
  const data = `${file}.onnx.data`;
  const externalAbove =
    format === "external" ? EXTERNAL_ABOVE : format === "inline" || format === "ort" ? Infinity : undefined;
  return {
    main: `${file}.${format === "ort" ? "ort" : "onnx"}`,
    data,
    write: { externalName: data, ...(externalAbove !== undefined && { externalAbove }) },
  };
}

/** What a bundle holds beside the model. */
export const BUNDLE_FILES = [
  "README.md",
  "card.json",
  "preprocessing.json",
  "parity",
  "run.mjs",
  "run.py",
  "verification.json",
] as const;

/** Names that Windows keeps for devices. */
const DEVICES = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** What is wrong with the name of the model's file, beside these files of external data. */
export function checkFile({ file, format }: ExportChoices, external: readonly string[]): Problem | undefined {
  const problem = (message: string, hint: string): Problem => ({
    field: "file",
    code: "invalid-argument",
    message,
    hint,
  });
  if (!/^[\p{L}\p{N}_][\p{L}\p{N}_. -]*$/u.test(file) || /[. ]$/.test(file) || DEVICES.test(file))
    return problem(`"${file}" cannot be the name of a file.`, "Use letters, digits, dots and dashes.");
  const folded = (name: string): string => name.replaceAll("\\", "/").toLowerCase();
  const taken = new Set([...BUNDLE_FILES, filesFor({ file, format } as ExportChoices).main].map(folded));
  const clash = external.find((name) => taken.has(folded(name)) || folded(name).startsWith("parity/"));
  if (clash === undefined) return undefined;
  return problem(
    `The model keeps weights in "${clash}", a name that the bundle needs itself.`,
    'Choose another name, or the format "external", which writes one file of another name.',
  );
}

type Measured =
  { readonly files: readonly { readonly name: string; readonly bytes?: number }[] } | { readonly problem: Problem };

/** The files that a changed model takes, found without writing; what does not fit into one file is a problem. */
export function measureFiles(model: Model, choices: ExportChoices, largest = LARGEST_FILE): Measured {
  const { main, data, write } = filesFor(choices);
  const isInOne = write.externalAbove === Infinity;
  const weights = [...tensorsOf(model)].reduce((sum, t) => sum + lengthOf(t), 0);
  const tooLarge = (bytes: number): Measured => ({
    problem: {
      field: "format",
      code: "limit-exceeded",
      message: `The model would take "${formatBytes(bytes)}" in one file; the format ends at ${formatBytes(largest)}.`,
      hint: 'Choose the format "external": the weights go to a file beside it.',
    },
  });
  if (isInOne && weights > largest) return tooLarge(weights);
  if (choices.format === "ort") return { files: [{ name: main }] };
  const { size, externalSize } = measureModel(isInOne ? allInside(model) : model, write);
  if (isInOne && size > largest) return tooLarge(size);
  return {
    files: [{ name: main, bytes: size }, ...(externalSize > 0 ? [{ name: data, bytes: externalSize }] : [])],
  };
}

function lengthOf({ data }: Tensor): number {
  return data.kind === "bytes" ? data.bytes.byteLength : data.kind === "external" ? data.length : 0;
}

/** A model of the same size, with zeros where its weights are outside: one array of them is enough. */
function allInside(model: Model): Model {
  const outside = [...tensorsOf(model)].filter((t) => t.data.kind === "external");
  if (outside.length === 0) return model;
  const zeros = new Uint8Array(Math.max(...outside.map(lengthOf)));
  return mapTensors(model, (tensor) => {
    if (tensor.data.kind !== "external") return tensor;
    return { ...tensor, data: { kind: "bytes", bytes: zeros.subarray(0, lengthOf(tensor)) } };
  });
}

/** @throws the first of the problems as an error */
export function refuseProblems(problems: readonly Problem[]): void {
  const [first] = problems;
  if (first === undefined) return;
  const { code, message, hint, field } = first;
  throw new LatheError(code, message, { hint, details: { field } });
}
