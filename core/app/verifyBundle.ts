import { cpus } from "node:os";
import { join } from "node:path";
import { LatheError } from "../base/error.ts";
import { formatBytes, formatNumber } from "../base/format.ts";
import type { Verification } from "../contract/export.ts";
import type { Accuracy, Latency } from "../contract/measurement.ts";
import { measureAccuracy } from "../measure/accuracy.ts";
import { compareOutputs } from "../measure/outputError.ts";
import { toFloat32, type NdArray } from "../base/array.ts";
import { measureVariants } from "../measure/variants.ts";
import { calledInputs } from "../transform/edges.ts";
import type { Model } from "../graph/model.ts";
import { tensorsOf } from "../graph/tensors.ts";
import { readModel } from "../onnx/read.ts";
import { withSession } from "../runtime/session.ts";
import { largestDifference, type BundleTask, type Digest, type Vectors } from "./bundle.ts";
import { digestOf } from "./exportFiles.ts";
import { filesFor } from "./exportModel.ts";
import { makeVectors } from "./exportVectors.ts";
import type { Project } from "./project.ts";

/** What the written model gave beside what the project's variant gave, and what was written. */
export interface Compared {
  readonly vectors: Vectors;
  /** The exported model's own results. */
  readonly found: Vectors["results"];
  readonly parity: Verification["parity"];
  /** The model's files by their names in the bundle. */
  readonly written: ReadonlyMap<string, Digest>;
}

/** Share of an output's largest magnitude, and at the least of 1, that other kernels may make a difference of. */
const TOLERANCE = 1e-4;
/** Two steps of a number of half precision, for models that compute in it. */
const HALF_TOLERANCE = 2 ** -9;

/**
 * Reads the written files again, checks that they are what was meant to be written, loads the model from them and
 * compares its outputs with the project's variant: equal to the bit where only the container changed, within 1e-4 of
 * an output's size where the runtime chooses other kernels, and equal where outputs are whole numbers.
 * @throws integrity naming the first check that failed
 */
export async function compareWithSource(
  { host }: Project,
  { prepared, path, draft, data, options }: BundleTask,
  written: ReadonlyMap<string, Digest>,
): Promise<Compared> {
  const { choices, isExact } = prepared;
  const exported = join(draft, filesFor(choices).main);
  for (const [name, { sha256 }] of written) {
    const found = await digestOf(host, join(draft, name));
    if (found.sha256 !== sha256) throw failed("its SHA-256", found.sha256, sha256);
  }
  if (choices.format !== "ort") await readModel(exported, host);
  const session = { threads: options.threads ?? 1, host };
  return withSession({ path: exported }, session, async ({ inputs, outputs, run }) => {
    const task = { inputs, outputs, data, options: { ...options, samples: choices.samples } };
    const vectors = await withSession({ path }, session, (source) => makeVectors(source, task));
    const found = await run(vectors.feeds);
    return { vectors, found, parity: parityOf(vectors, found, isExact ? 0 : shareOf(prepared.model)), written };
  });
}

function parityOf(vectors: Vectors, found: Vectors["results"], share: number): Verification["parity"] {
  let worst = { largest: 0, allowed: 0 };
  for (const [name, expected] of Object.entries(vectors.results)) {
    const own = found[name];
    if (own === undefined || !ArrayBuffer.isView(own.data)) continue;
    const largest = largestDifference(expected, own);
    // The same nodes on the same machine with the same threads: anything but equality is an error.
    const allowed = share === 0 ? 0 : toleranceOf(expected, share);
    if (!(largest <= allowed)) {
      const wanted = allowed === 0 ? "equal outputs" : `${formatNumber(allowed)} at the most`;
      throw failed("its outputs", `differ by ${largest}`, wanted);
    }
    // Told is the output that comes closest to what is accepted; until one differs, the first.
    const isWorse = largest * worst.allowed > worst.largest * allowed || (worst.largest === 0 && largest > 0);
    if (isWorse || worst.allowed === 0) worst = { largest, allowed };
  }
  return { samples: vectors.count, ...worst, agreement: agreementOf(vectors, found) };
}

/** Share of an output's size that other kernels may make a difference of. */
function shareOf(model: Model): number {
  const isHalf = [...tensorsOf(model)].some((t) => t.type === "float16" || t.type === "bfloat16");
  return isHalf ? HALF_TOLERANCE : TOLERANCE;
}

/** The difference that is accepted of an output: a share of its largest magnitude; none of whole numbers. */
function toleranceOf(expected: NdArray, share: number): number {
  if (!/^float(16|32|64)$/.test(expected.type)) return 0;
  let magnitude = 1;
  for (const value of toFloat32(expected)) {
    const size = Math.abs(value);
    if (size > magnitude && size < Infinity) magnitude = size;
  }
  return share * magnitude;
}

/** Measures an exported model's accuracy on the test split, and its latency in turns with the project's file. */
export async function verifyBundle(
  project: Project,
  { variant, prepared, path, draft, data, options }: BundleTask,
  { vectors, parity, written }: Compared,
): Promise<Verification> {
  const { host } = project;
  const { main } = filesFor(prepared.choices);
  const exported = join(draft, main);
  const threads = options.threads ?? 1;
  // Accuracy is that of models with one input.
  const isCounted = data?.dataset.labels !== undefined && vectors.inputs.length === 1;
  const accuracy = isCounted ? await accuracyOf(project, { variant, exported, data, options }) : undefined;
  options.emit({ kind: "stage", name: "Timing it beside the project's" });
  const fixed = vectors.inputs[0]?.dims[0];
  // Where sizes were fixed, the project's model has to be timed at the same ones.
  const own = calledInputs(prepared.source.graph);
  const isSized = prepared.choices.sizes.length > 0;
  const timed = await measureVariants({
    files: [
      { id: "exported", path: exported },
      { id: "project", path, names: Object.fromEntries(own.map((v, i) => [v.name, vectors.inputs[i]?.name ?? ""])) },
    ],
    session: { threads },
    // Both get as many samples as the exported file takes in a call.
    batch: isSized ? vectors.count : typeof fixed === "number" && fixed > 0 ? fixed : 1,
    ...(isSized && { feeds: vectors.feeds }),
    warmup: 10,
    runs: 100,
    seconds: 2,
    seed: 0,
    signal: options.signal,
  });
  return {
    at: host.clock.now(),
    machine: cpus()[0]?.model.trim() ?? "unknown",
    bytes: [...written.values()].reduce((sum, { bytes }) => sum + bytes, 0),
    sha256: written.get(main)?.sha256 ?? "",
    parity,
    ...(accuracy && { accuracy }),
    latency: { exported: existing(timed, "exported"), project: existing(timed, "project") },
    isVerified: true,
  };
}

/** Share of samples with the same top-1; 1 for models whose first output is no row of scores per sample. */
function agreementOf({ outputs, results, count }: Vectors, found: Vectors["results"]): number {
  const name = outputs[0]?.name ?? "";
  const [a, b] = [results[name], found[name]];
  const shape = a?.dims ?? [];
  if (a === undefined || b === undefined || shape.length !== 2 || shape[0] !== count) return 1;
  return compareOutputs(toFloat32(a), toFloat32(b), count).agreement;
}

async function accuracyOf(
  project: Project,
  {
    variant,
    exported,
    data,
    options,
  }: Pick<BundleTask, "variant" | "options"> & {
    readonly exported: string;
    readonly data: NonNullable<BundleTask["data"]>;
  },
): Promise<Verification["accuracy"]> {
  options.emit({ kind: "stage", name: "Measuring its accuracy" });
  const recorded: Accuracy | undefined = variant.measurements?.accuracy;
  const split = recorded?.split ?? "test";
  const threads = Math.max(1, Math.min(8, cpus().length));
  const { accuracy } = await withSession({ path: exported }, { threads, host: project.host }, (session) =>
    measureAccuracy(session, data.stream(split), { split, batch: 64, signal: options.signal, emit: options.emit }),
  );
  const isComparable = recorded?.data === data.evaluation(split);
  // Sums may differ in the last bit with another batch or thread count, and tip a sample over that stands on the edge.
  if (isComparable && Math.abs(recorded.top1 - accuracy.top1) > 0.002) {
    throw failed("its accuracy", String(accuracy.top1), String(recorded.top1));
  }
  return { top1: accuracy.top1, ...(isComparable && { recorded: recorded.top1 }), split, samples: accuracy.samples };
}

function existing(timed: Readonly<Record<string, Latency>>, id: string): Latency {
  const found = timed[id];
  if (found === undefined) throw new LatheError("internal", `"${id}" was not timed.`);
  return found;
}

function failed(what: string, found: string, expected: string): LatheError {
  return new LatheError(
    "integrity",
    `The exported model is not the project's variant: ${what} "${found}", expected ${expected}.`,
    {
      hint: "Check disk and memory of this machine and export again. Nothing was written.",
    },
  );
}

/** The verification in one line for people. */
export function describeVerification({ parity, accuracy, latency, bytes }: Verification): string {
  const points =
    accuracy === undefined ? "" : `, top-1 ${(accuracy.top1 * 100).toFixed(1)} % on ${accuracy.samples} samples`;
  return `verified: ${formatBytes(bytes)}, largest difference ${formatNumber(parity.largest)} on ${parity.samples} samples, top-1 agreement ${(parity.agreement * 100).toFixed(1)} %${points}, p50 ${latency.exported.median.toFixed(3)} ms`;
}
