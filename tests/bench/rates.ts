import { join } from "node:path";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { toLatheError } from "../../core/base/error.ts";
import type { Model } from "../../core/graph/model.ts";
import { fineTunePlan } from "../../core/methods/fineTune.ts";
import type { FineTuneParams } from "../../core/methods/fineTuneParams.ts";
import { findMethod } from "../../core/methods/catalogue.ts";
import type { Params as TrainParams } from "../../core/methods/train/params.ts";
import { planOf } from "../../core/methods/train/plan.ts";
import { withSession } from "../../core/runtime/session.ts";
import { rateAfter, rateText } from "../../core/train/fallBack.ts";
import type { TrainPlan } from "../../core/train/plan.ts";
import { train } from "../../core/train/train.ts";
import { sharedData } from "../shared.ts";
import { fineTuneModel, modelsIn, type CorpusRow } from "./rates/corpus.ts";
import { NETS, openImages, type NetSubject, type Split } from "./rates/nets.ts";

interface Trained {
  readonly rate: number;
  readonly falls: number;
  /** Cross-entropy and share of right answers on the test images; absent where the training diverged for good. */
  readonly loss?: number;
  readonly accuracy?: number;
}

interface NetRow {
  readonly net: string;
  readonly optimizer: string;
  readonly auto: Trained;
  /** At given rates. */
  readonly fixed: readonly Trained[];
}

interface Figures {
  readonly corpus: readonly CorpusRow[];
  readonly nets: readonly NetRow[];
}

const GRID = { sgd: [1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3], adamw: [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1] } as const;
const EPOCHS = 2;
const BATCH = 64;

/** Measured learning rates: `-- rates [--only TEXT] [--grid]`. */
export const bench = {
  id: "rates",
  title:
    "Fine-tuning with default settings on every model of the corpus; measured rates beside given ones [--only TEXT] [--grid]",
  run: async (): Promise<Figures> => {
    if (sharedData === undefined) throw new Error("The data for this bench is not there; see LATHE_SHARED.");
    const { values } = parseArgs({
      allowPositionals: true,
      strict: false,
      options: { only: { type: "string", default: "" }, grid: { type: "boolean" } },
    });
    const only = String(values.only);
    const say = (text: string): void => void process.stderr.write(`${text}\n`);
    const corpus: CorpusRow[] = [];
    for (const part of ["models", "cases"]) {
      for (const file of modelsIn(join(sharedData, part)).filter((f) => f.includes(only))) {
        const row = await fineTuneModel(join(sharedData, part), file);
        say(`${file}: ${row.refused ?? row.diverged ?? `${rateText(row.rate ?? 0)}, loss ${lossesText(row)}`}`);
        corpus.push(row);
      }
    }
    const nets: NetRow[] = [];
    const images = await openImages(sharedData);
    try {
      for (const subject of NETS.filter(({ name }) => name.includes(only))) {
        const { model, split } = await subject.open(images);
        for (const optimizer of subject.optimizers) {
          const plan = await planFor(subject, optimizer);
          const auto = await trainAt({ ...plan, rate: "auto" }, model, split);
          say(`${subject.name}, ${optimizer}: ${rateText(auto.rate)}, loss ${lossText(auto)}`);
          const fixed: Trained[] = [];
          for (const rate of values.grid === true ? GRID[optimizer] : []) {
            fixed.push(await trainAt({ ...plan, rate }, model, split));
          }
          nets.push({ net: subject.name, optimizer, auto, fixed });
        }
      }
    } finally {
      await images.close();
    }
    return { corpus, nets };
  },
  print: ({ corpus, nets }: Figures): string => {
    const trained = corpus.filter((r) => r.refused === undefined);
    const table = new Table({ head: ["model", "rate", "loss, first → last", ""], style: { head: [] } });
    for (const { file, refused, rate = 0, losses, diverged } of corpus) {
      table.push([
        file,
        refused === undefined ? rateText(rate) : "",
        lossesText({ losses }),
        wrapped(refused ?? diverged ?? ""),
      ]);
    }
    const compared = new Table({ head: ["net", "optimiser", "measured", "loss", "given"], style: { head: [] } });
    for (const { net, optimizer, auto, fixed } of nets) {
      const given = fixed.map((t) => `${rateText(t.rate)}: ${lossText(t)}`).join("  ");
      compared.push([net, optimizer, rateText(auto.rate), lossText(auto), given]);
    }
    const bad =
      trained.filter((r) => r.diverged !== undefined).length + nets.filter((n) => n.auto.loss === undefined).length;
    return [
      table.toString(),
      compared.toString(),
      `${trained.length} of ${corpus.length} models trained, ${corpus.length - trained.length} refused; ${bad} trainings with default settings diverged.`,
    ].join("\n");
  },
};

async function planFor({ like }: NetSubject, optimizer: string): Promise<TrainPlan> {
  const method = await findMethod(like);
  const params: unknown = method.parse({ epochs: EPOCHS, batch: BATCH, optimizer });
  return like === "train" ? planOf(params as TrainParams) : fineTunePlan(params as FineTuneParams);
}

async function trainAt(plan: TrainPlan, model: Model, split: Split): Promise<Trained> {
  try {
    const result = await train({
      model,
      plan,
      training: split("train"),
      seed: 1,
      session: { threads: 2 },
      host: nodeHost,
      signal: new AbortController().signal,
      emit: () => undefined,
    });
    const { rate } = result;
    return { rate: rateAfter({ ...rate, falls: [] }), falls: rate.falls.length, ...(await judge(result.model, split)) };
  } catch (thrown) {
    if (toLatheError(thrown).code !== "numeric") throw thrown;
    return { rate: plan.rate === "auto" ? 0 : plan.rate, falls: 3 };
  }
}

/** Mean cross-entropy and accuracy on the test images. */
async function judge(model: Model, split: Split): Promise<{ readonly loss: number; readonly accuracy: number }> {
  const [input, output] = [model.graph.inputs[0]!.name, model.graph.outputs[0]!.name];
  return withSession(model, { host: nodeHost, threads: 2 }, async (session) => {
    let [loss, right, samples] = [0, 0, 0];
    for await (const { input: x, labels } of split("validation").batches(100)) {
      const logits = (await session.run({ [input]: x }, [output]))[output]!.data as Float32Array;
      const classes = logits.length / labels!.length;
      for (const [i, label] of labels!.entries()) {
        const own = logits.subarray(i * classes, (i + 1) * classes);
        const most = Math.max(...own);
        loss += Math.log(own.reduce((sum, z) => sum + Math.exp(z - most), 0)) + most - own[label]!;
        if (own.indexOf(most) === label) right++;
        samples++;
      }
    }
    return { loss: loss / samples, accuracy: right / samples };
  });
}

const lossesText = ({ losses }: { readonly losses?: CorpusRow["losses"] | undefined }): string =>
  losses?.map((l) => l.toPrecision(3)).join(" → ") ?? "";

function lossText({ loss, falls }: Trained): string {
  if (loss === undefined) return "diverged";
  return `${loss.toFixed(2)}${falls > 0 ? ` (fell back ${falls}×)` : ""}`;
}

const wrapped = (text: string): string => text.replace(/(.{1,70})( |$)/g, "$1\n").trim();
