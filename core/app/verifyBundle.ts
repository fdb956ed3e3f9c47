import { createHash } from "node:crypto";
import { cpus } from "node:os";
import { join } from "node:path";
import { LatheError } from "../base/error.ts";
import { formatBytes } from "../base/format.ts";
import type { Accuracy, Latency } from "../contract/measurement.ts";
import { measureAccuracy } from "../measure/accuracy.ts";
import { compareOutputs } from "../measure/outputError.ts";
import { toFloat32 } from "../base/array.ts";
import { measureVariants } from "../measure/variants.ts";
import { readModel } from "../onnx/read.ts";
import { withSession } from "../runtime/session.ts";
import { largestDifference, type BundleTask, type Vectors } from "./bundle.ts";
import type { Project } from "./project.ts";

/** What loading an exported bundle and measuring it again gave. */
export interface Verification {
  readonly at: string;
  readonly machine: string;
  readonly bytes: number;
  readonly parity: {
    readonly samples: number;
    /** Largest difference of any output element from the project's variant. */
    readonly largest: number;
    /** Share of samples with the same top-1. */
    readonly agreement: number;
  };
  readonly accuracy?: {
    readonly top1: number;
    readonly recorded?: number;
    readonly split: string;
    readonly samples: number;
  };
  /** The exported file and the project's, timed in turns. */
  readonly latency: { readonly exported: Latency; readonly project: Latency };
  readonly isVerified: true;
}

/**
 * Loads an exported model from its files and checks that it is the project's variant: hash, outputs on the parity
 * vectors, accuracy on the test split; then times both in turns.
 * @throws integrity naming the first check that failed
 */
export async function verifyBundle(
  project: Project,
  { variant, path, draft, vectors, data, options }: BundleTask & { readonly draft: string; readonly vectors: Vectors },
): Promise<Verification> {
  const { host } = project;
  const exported = join(draft, "model.onnx");
  const digest = createHash("sha256")
    .update(await host.files.read(exported))
    .digest("hex");
  if (digest !== variant.model.sha256) throw failed("its SHA-256", digest, variant.model.sha256);
  await readModel(exported, host);
  const threads = options.threads ?? 1;
  const parity = await checkParity(project, { exported, vectors, threads });
  const accuracy =
    data?.dataset.labels === undefined ? undefined : await accuracyOf(project, { variant, exported, data, options });
  options.emit({ kind: "stage", name: "Timing it beside the project's" });
  const timed = await measureVariants({
    files: [
      { id: "exported", path: exported },
      { id: "project", path },
    ],
    session: { threads },
    batch: 1,
    warmup: 10,
    runs: 100,
    seconds: 2,
    seed: 0,
    signal: options.signal,
  });
  return {
    at: host.clock.now(),
    machine: cpus()[0]?.model.trim() ?? "unknown",
    bytes: (await host.files.info(exported))?.size ?? 0,
    parity,
    ...(accuracy && { accuracy }),
    latency: { exported: existing(timed, "exported"), project: existing(timed, "project") },
    isVerified: true,
  };
}

interface ParityTask {
  readonly exported: string;
  readonly vectors: Vectors;
  readonly threads: number;
}

async function checkParity(
  project: Project,
  { exported, vectors, threads }: ParityTask,
): Promise<Verification["parity"]> {
  const found = await withSession({ path: exported }, { threads, host: project.host }, ({ run }) => run(vectors.feeds));
  let largest = 0;
  for (const [name, expected] of Object.entries(vectors.results)) {
    const own = found[name];
    if (own === undefined || !ArrayBuffer.isView(own.data)) continue;
    largest = Math.max(largest, largestDifference(expected, own));
  }
  // The same bytes on the same machine with the same threads: anything but equality is an error.
  if (largest > 0) throw failed("its outputs", `differ by ${largest}`, "equal outputs");
  return { samples: vectors.count, largest, agreement: agreementOf(vectors, found) };
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
  return `verified: ${formatBytes(bytes)}, largest difference ${parity.largest} on ${parity.samples} samples, top-1 agreement ${(parity.agreement * 100).toFixed(1)} %${points}, p50 ${latency.exported.median.toFixed(3)} ms`;
}
