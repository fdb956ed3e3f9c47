import type { Command } from "commander";
import { formatNumber, formatPercent } from "../../base/format.ts";
import { LatheError } from "../../base/error.ts";
import type { SplitName } from "../../contract/dataset.ts";
import type { SampleFilter, SampleOrder, SampleView } from "../../contract/samples.ts";
import { browsing, oneOf, SPLITS, subcommand, type DataOptions } from "../browsing.ts";
import {
  act,
  collect,
  inProject,
  numberWithin,
  wholeNumber,
  withProjectOption,
  type ProjectOptions,
  type Run,
} from "../io.ts";
import { textTable } from "../table.ts";
import { addCalibration, addPredict } from "./dataChoices.ts";
import { addPreparation } from "./dataPreparation.ts";

/** data: list, balance, samples, sample, predict, calibration, preparation. */
export function addDataCommand(program: Command, run: Run): void {
  const data = withProjectOption(program.command("data"))
    .description("look into the data of a project; choose what calibrates")
    .helpCommand(false)
    .enablePositionalOptions();
  act<ProjectOptions>(data, run, (io, options) =>
    inProject(options, "read", ({ store }) => {
      const all = store.data();
      if (all.length === 0) io.print("There is no data yet: lathe import data PATH.");
      else {
        const number = (title: string) => ({ title, isNumber: true });
        io.print(
          textTable(
            [
              { title: "Id" },
              { title: "Name" },
              number("Samples"),
              number("Classes"),
              { title: "Format" },
              { title: "Path" },
            ],
            all.map(({ id, name, info }) => [
              id,
              name,
              String(info.count),
              info.classes === undefined ? "" : String(info.classes.length),
              info.format,
              info.path,
            ]),
          ),
        );
      }
      return Promise.resolve({ data: all });
    }),
  );
  addBalance(data, run);
  addSamples(data, run);
  addSample(data, run);
  addPredict(data, run);
  addCalibration(data, run);
  addPreparation(data, run);
}

function addBalance(data: Command, run: Run): void {
  const command = subcommand(data, "balance").description("count the samples of each class in each split");
  act<DataOptions>(command, run, (io, options) =>
    browsing(io, options, async (browser) => {
      const { counts, balance } = await browser.summary();
      const row = (name: string, of: Record<SplitName, number>): string[] => [
        name,
        ...SPLITS.map((s) => String(of[s])),
      ];
      const rows = balance.filter((b) => b.class !== "").map((b) => row(b.class, b.counts));
      io.print(
        textTable(
          [{ title: "Class" }, ...SPLITS.map((title) => ({ title, isNumber: true }))],
          [...rows, row("all", counts)],
        ),
      );
      return { counts, balance };
    }),
  );
}

interface SamplesOptions extends DataOptions {
  readonly split?: SplitName;
  readonly class?: readonly string[];
  readonly search?: string;
  readonly variant?: string;
  readonly right?: boolean;
  readonly wrong?: boolean;
  readonly confidenceFrom?: number;
  readonly confidenceTo?: number;
  readonly disagrees?: boolean;
  readonly order?: SampleOrder["by"];
  readonly reverse?: boolean;
  readonly offset?: number;
  readonly limit?: number;
}

function addSamples(data: Command, run: Run): void {
  const command = subcommand(data, "samples")
    .option("--split <split>", "only of this split", oneOf(SPLITS))
    .option("--class <name>", "only of this class (repeatable)", collect(String))
    .option("--search <text>", "only where the name holds this")
    .option("--variant <variant>", "show what this variant predicted")
    .option("--right", "only those that it got right")
    .option("--wrong", "only those that it got wrong")
    .option("--confidence-from <percent>", "only from this confidence on", numberWithin(0, 100))
    .option("--confidence-to <percent>", "only up to this confidence", numberWithin(0, 100))
    .option("--disagrees", "only those that the baseline puts into another class")
    .option("--order <by>", "number, name, class, prediction or confidence", oneOf(ORDERS))
    .option("--reverse", "last ones first")
    .option("--offset <count>", "leave out the first ones", wholeNumber(0))
    .option("--limit <count>", "most to list (default: 20)", wholeNumber(1))
    .description("list samples");
  act<SamplesOptions>(command, run, (io, options) =>
    browsing(io, options, async (browser, project) => {
      const { findVariant } = await import("../../app/project.ts");
      const { order: by = "number", reverse: isDown = false, offset = 0, limit = 20 } = options;
      const variant = options.variant === undefined ? undefined : findVariant(project, options.variant).id;
      const filter = filterFrom(options, variant, browser.opened.dataset.info.classes);
      const page = await browser.page({ filter, order: { by, isDown } }, { offset, limit });
      for (const { name, splits, samples } of page.missing) {
        io.print(
          `"${name}" has not looked at ${splits.join(", ")} (${samples} samples): lathe data predict ${name} --split ${splits.join(" --split ")}`,
        );
      }
      const said = variant === undefined ? [] : [{ title: "Predicted" }, { title: "Baseline" }];
      io.print(
        textTable(
          [{ title: "No.", isNumber: true }, { title: "Name" }, { title: "Class" }, { title: "Split" }, ...said],
          page.samples.map((s) => [
            String(s.sample),
            s.name,
            s.class ?? "",
            `${s.split ?? ""}${s.calibrates ? ", calibrates" : ""}`,
            ...(variant === undefined ? [] : [saidText(s.predicted), saidText(s.baseline)]),
          ]),
        ),
      );
      io.print(`${page.samples.length} of ${page.total}.`);
      return page;
    }),
  );
}

const ORDERS = ["number", "name", "class", "prediction", "confidence"] as const;

function filterFrom(
  o: SamplesOptions,
  variant: string | undefined,
  classes: readonly string[] | undefined,
): SampleFilter {
  const asks = o.right === true || o.wrong === true || o.disagrees === true;
  const hasRange = o.confidenceFrom !== undefined || o.confidenceTo !== undefined;
  if (variant === undefined && (asks || hasRange)) {
    throw new LatheError("invalid-argument", "Right, wrong, confidence and disagreement are a variant's.", {
      hint: "Name it with --variant.",
    });
  }
  const numbers = o.class?.map((name) => {
    const found = classes?.indexOf(name) ?? -1;
    if (found >= 0) return found;
    throw new LatheError("not-found", `There is no class "${name}" in this data set.`, {
      hint: `Classes: ${(classes ?? []).slice(0, 20).join(", ")}${(classes?.length ?? 0) > 20 ? ", …" : ""}.`,
    });
  });
  return {
    ...(o.split && { split: o.split }),
    ...(numbers && { classes: numbers }),
    ...(o.search !== undefined && { search: o.search }),
    ...(variant !== undefined && { variant }),
    ...(o.right === true && { outcome: "right" }),
    ...(o.wrong === true && { outcome: "wrong" }),
    ...(hasRange && { confidence: { low: (o.confidenceFrom ?? 0) / 100, high: (o.confidenceTo ?? 100) / 100 } }),
    ...(o.disagrees === true && { disagrees: true }),
  };
}

function saidText(said: SampleView["predicted"]): string {
  if (said === undefined) return "";
  const verdict = said.isRight === undefined ? "" : said.isRight ? ", right" : ", wrong";
  return `${said.class} ${formatPercent(said.confidence)}${verdict}`;
}

function addSample(data: Command, run: Run): void {
  const command = subcommand(data, "sample")
    .argument("<number>", "number of the sample, from 0", wholeNumber(0))
    .option("--variant <variant>", "tell what this variant predicted")
    .description("describe one sample and the tensor that a model gets for it");
  act<DataOptions & { readonly variant?: string }>(command, run, (io, options, [number]) =>
    browsing(io, options, async (browser) => {
      const { sample, facts, tensor, reason } = await browser.detail(Number(number), options.variant);
      io.print(
        `${sample.name}: ${facts}${sample.class === undefined ? "" : `, class "${sample.class}"`}, ${sample.split ?? "in no split"}`,
      );
      if (sample.predicted !== undefined) io.print(`Predicted: ${saidText(sample.predicted)}`);
      if (sample.baseline !== undefined) io.print(`Baseline: ${saidText(sample.baseline)}`);
      if (tensor === undefined) io.print(`The tensor cannot be made: ${reason ?? ""}`);
      else {
        io.print(`Tensor: ${tensor.type}[${tensor.shape.join(", ")}]`);
        for (const step of tensor.steps) io.print(`  ${step}`);
        const titles = ["Min", "Mean", "Std", "Max"].map((title) => ({ title, isNumber: true }));
        io.print(
          textTable(
            [{ title: "Channel" }, ...titles],
            tensor.channels.map((c) => [
              c.name,
              ...[c.minimum, c.mean, c.deviation, c.maximum].map((v) => formatNumber(v)),
            ]),
          ),
        );
      }
      // Pictures are for screens.
      const { pictures: _, ...values } = tensor ?? { pictures: [] };
      return { sample, facts, ...(tensor && { tensor: values }), ...(reason !== undefined && { reason }) };
    }),
  );
}
