import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { importModel } from "../../core/app/importModel.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { encodeNpy } from "../../core/app/npy.ts";
import { createProject, type Project, type Work } from "../../core/app/project.ts";
import { importData } from "../../core/app/projectData.ts";
import { runMethod } from "../../core/app/runMethod.ts";
import { float32 } from "../../core/base/array.ts";
import { toLatheError } from "../../core/base/error.ts";
import { formatBytes } from "../../core/base/format.ts";
import { seededRandom } from "../../core/base/random.ts";
import type { Variant } from "../../core/contract/project.ts";
import type { Model } from "../../core/graph/model.ts";
import { sizesOf } from "../../core/measure/feeds.ts";
import { findings as findingsSchema } from "../../core/methods/quantize-mixed/findings.ts";
import { readModel } from "../../core/onnx/read.ts";
import { sharedData } from "../shared.ts";

/** What became of one model. */
export interface Outcome {
  readonly model: string;
  readonly outcome: "within the limit" | "nearest that can be" | "refused" | "failed";
  /** Bytes of constants of the result, of eight bits everywhere, and of float. */
  readonly bytes?: { readonly mixed: number; readonly eightBits: number; readonly float: number };
  readonly text: string;
}

/** Samples where there are no images that fit. */
const RANDOM_SAMPLES = 96;

/** What says that a method is not for a model, in words, before it works. */
const REFUSALS: ReadonlySet<string> = new Set(["unsupported", "not-runnable", "numeric"]);

function modelsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".onnx"))
    .map((name) => join(folder, name))
    .toSorted();
}

/** CIFAR-10 where the model takes such images; else numbers drawn at random in the input's shape. */
async function bringData(project: Project, model: Model, work: Work & { readonly folder: string }): Promise<void> {
  const constants = new Set(model.graph.initializers.map((t) => t.name));
  const [input] = model.graph.inputs.filter((v) => !constants.has(v.name));
  const dims = input?.type?.kind === "tensor" ? (input.type.dims ?? []).map((d) => d.size ?? "?") : [];
  const takes = (axis: number, size: number): boolean => dims[axis] === size || typeof dims[axis] === "string";
  if (dims.length === 4 && dims[1] === 3 && takes(2, 32) && takes(3, 32)) {
    await importData(project, join(sharedData ?? "", "datasets/cifar10-5k"), work);
    return;
  }
  const [, ...sizes] = sizesOf({ name: "", type: "float32", dims }, { batch: 1, seed: 0 });
  const random = seededRandom(1, "samples");
  const count = RANDOM_SAMPLES * sizes.reduce((p, s) => p * s, 1);
  const array = float32(
    [RANDOM_SAMPLES, ...sizes],
    Float32Array.from({ length: count }, () => random.normal()),
  );
  const path = join(work.folder, "samples.npy");
  writeFileSync(path, encodeNpy(array));
  await importData(project, path, { ...work, splits: { calibration: RANDOM_SAMPLES / 2 } });
}

async function outcomeOf(path: string, folder: string): Promise<Outcome> {
  const model = relative(sharedData ?? "", path);
  const work = { signal: new AbortController().signal, emit: () => undefined };
  const project = await createProject(join(folder, "project"), {}, nodeHost);
  try {
    const { name } = await importModel(project, path, work);
    await bringData(project, await readModel(path, nodeHost), { ...work, folder });
    const request = { method: "quantize-mixed", params: {}, seed: 0, threads: 2 };
    return { model, ...told(await runMethod(project, request, { ...work, from: name })) };
  } catch (thrown) {
    const { code, message } = toLatheError(thrown);
    return { model, outcome: REFUSALS.has(code) ? "refused" : "failed", text: `${code}: ${message}` };
  } finally {
    project.store.close();
  }
}

function told({ findings, warnings }: Variant): Omit<Outcome, "model"> {
  const { front, eightBits, float, limit } = findingsSchema.parse(findings);
  const point = front.find((p) => p.limit === limit)!;
  return {
    outcome: point.wanted === undefined ? "within the limit" : "nearest that can be",
    bytes: { mixed: point.actual, eightBits, float },
    text: warnings.join(" "),
  };
}

/** Mixed precision with its defaults on every public model: that each is done, or refused in words. */
export const bench = {
  id: "mixed",
  title: "quantize-mixed with default parameters on every public model and case",
  run: async (): Promise<readonly Outcome[]> => {
    if (sharedData === undefined) return [];
    const outcomes: Outcome[] = [];
    for (const path of [...modelsIn(join(sharedData, "models")), ...modelsIn(join(sharedData, "cases"))]) {
      const folder = mkdtempSync(join(tmpdir(), "lathe-mixed-"));
      try {
        outcomes.push(await outcomeOf(path, folder));
        process.stderr.write(`${basename(path)}: ${outcomes.at(-1)?.outcome ?? ""}\n`);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }
    return outcomes;
  },
  print: (outcomes: readonly Outcome[]): string =>
    outcomes
      .map(({ model, outcome, bytes, text }) => {
        const sizes =
          bytes === undefined
            ? ""
            : `${formatBytes(bytes.mixed)} of ${formatBytes(bytes.eightBits)} in eight bits and ${formatBytes(bytes.float)} in float. `;
        return `${model}: ${outcome}. ${sizes}${text}`;
      })
      .join("\n"),
};
