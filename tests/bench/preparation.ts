import { execFileSync } from "node:child_process";
import { mkdtempSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importModel } from "../../core/app/importModel.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { createProject, baselineOf } from "../../core/app/project.ts";
import { importData, openData } from "../../core/app/projectData.ts";
import { withModelFile } from "../../core/app/modelFiles.ts";
import type { TriedPreparation } from "../../core/contract/preparation.ts";
import type { Preprocessing } from "../../core/contract/preprocessing.ts";
import { sampleStream } from "../../core/data/batches.ts";
import { measureAccuracy } from "../../core/measure/accuracy.ts";
import { withSession } from "../../core/runtime/session.ts";
import { sharedData } from "../shared.ts";

interface Case {
  readonly model: string;
  readonly data: string;
  /** What its makers say. */
  readonly published: string;
}

const CASES: readonly Case[] = [
  { model: "cifar10-resnets/resnet20.onnx", data: "cifar10-5k", published: "imagenet, 91.5 %" },
  { model: "cifar10-resnets/resnet32.onnx", data: "cifar10-5k", published: "imagenet, 92.8 %" },
  { model: "hwacc-garage/ic_quantized_int8.onnx", data: "cifar10-5k", published: "imagenet, 87.1 %" },
  { model: "ort-examples/mnist.onnx", data: "mnist-pngs.tar.gz", published: "raw, 98.91 %" },
  {
    model: "stm32/mobilenet_v2_0.35_128_tfs_channel_first.onnx",
    data: "flowers128/flowers128.tar.gz",
    published: "minus-one-one",
  },
];

interface OnTest {
  readonly name: string;
  /** Fraction of the test split, which nothing was chosen by. */
  readonly top1: number;
}

export interface PreparationFigures extends Case {
  readonly outcome: string;
  readonly milliseconds: number;
  readonly samples: number;
  readonly taken: OnTest;
  readonly guess: OnTest;
  /** The best of the others in the trial. */
  readonly runnerUp: OnTest & { readonly isLevel: boolean };
  readonly level: readonly string[];
}

async function measure(wanted: Case, folder: string): Promise<PreparationFigures> {
  const work = { signal: new AbortController().signal, emit: () => undefined };
  const { model, data } = wanted;
  const path = data.endsWith(".tar.gz") ? unpack(data, folder) : join(sharedData!, "datasets", data);
  const project = await createProject(join(folder, model.replace(/\W/g, "-")), {}, nodeHost);
  try {
    await importModel(project, join(sharedData!, "models", model), work);
    const start = performance.now();
    const made = await importData(project, path, work);
    const milliseconds = performance.now() - start;
    const trial = made.data.preparation?.trial;
    if (trial === undefined) throw new Error(`${model}: ${made.reasons.join(" ")}`);
    const opened = await openData(project, made.data, work);
    const onTest = (preprocessing: Preprocessing): Promise<number> =>
      withModelFile(project, baselineOf(project), (file) =>
        withSession({ path: file }, { host: nodeHost }, async (session) => {
          const stream = sampleStream(opened.dataset, { indices: opened.splits.test, preprocessing });
          return (await measureAccuracy(session, stream, { split: "test", batch: 64 })).accuracy.top1;
        }),
      );
    const by = async ({ name, preprocessing }: TriedPreparation): Promise<OnTest> => ({
      name,
      top1: await onTest(preprocessing),
    });
    try {
      const taken = trial.tried.find(({ name }) => name === trial.taken)!;
      const guess = trial.tried.find(({ name }) => name === trial.guess)!;
      const runnerUp = trial.tried.find((tried) => tried !== taken)!;
      return {
        ...wanted,
        outcome: trial.outcome,
        milliseconds,
        samples: trial.samples,
        taken: await by(taken),
        guess: await by(guess),
        runnerUp: { ...(await by(runnerUp)), isLevel: runnerUp.isLevel },
        level: trial.tried.filter((t) => t.isLevel && t !== taken).map(({ name }) => name),
      };
    } finally {
      await opened.close();
    }
  } finally {
    project.store.close();
  }
}

/** Some archives hold a folder and others the parts of a data set beside a list of them. */
function unpack(archive: string, folder: string): string {
  const target = join(folder, archive.replace(/\W/g, "-"));
  mkdirSync(target);
  const only = archive.startsWith("mnist") ? ["train", "test"] : [];
  execFileSync("tar", ["xzf", join(sharedData!, "datasets", archive), "-C", target, ...only]);
  return archive.startsWith("flowers") ? join(target, "flowers128") : target;
}

const percent = ({ name, top1 }: OnTest): string => `"${name}" ${(100 * top1).toFixed(2)} %`;

/** Whether importing public models and data with no option finds the preparation that they were trained with. */
export const bench = {
  id: "preparation",
  title: "Preparations that import finds by trying, and their accuracy on test images that it never looks at",
  run: async (): Promise<readonly PreparationFigures[]> => {
    if (sharedData === undefined) throw new Error("This bench needs the public models and data; set LATHE_SHARED.");
    const folder = mkdtempSync(join(tmpdir(), "lathe-bench-"));
    try {
      const all: PreparationFigures[] = [];
      for (const one of CASES) all.push(await measure(one, mkdtempSync(join(folder, "case-"))));
      return all;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  print: (figures: readonly PreparationFigures[]): string =>
    figures
      .map((f) =>
        [
          `  ${f.model} on ${f.data} (published: ${f.published})`,
          `    ${f.outcome} ${percent(f.taken)}, runner-up ${percent(f.runnerUp)}${f.runnerUp.isLevel ? " (level in the trial)" : ""}, first guess ${percent(f.guess)}`,
          `    ${f.samples} samples tried, import ${(f.milliseconds / 1000).toFixed(1)} s; level with it: ${f.level.join("; ") || "none"}`,
        ].join("\n"),
      )
      .join("\n"),
};
