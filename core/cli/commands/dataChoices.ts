import type { Command } from "commander";
import type { CalibrationPick, SplitName } from "../../contract/dataset.ts";
import type { CalibrationReport } from "../../contract/samples.ts";
import { browsing, oneOf, SPLITS, subcommand, type DataOptions } from "../browsing.ts";
import { act, collect, wholeNumber, type Run } from "../io.ts";
import { textTable } from "../table.ts";

export function addPredict(data: Command, run: Run): void {
  const command = subcommand(data, "predict")
    .argument("<variant>", "variant that looks at the samples; the baseline does so too")
    .option("--split <split>", "split to look at (repeatable; default: all)", collect(oneOf(SPLITS)))
    .description("find out what a variant predicts, sample by sample, and keep it");
  act<DataOptions & { readonly split?: readonly SplitName[] }>(command, run, (io, options, [variant]) =>
    browsing(io, { ...options, mode: "write" }, async (browser) => {
      const { train, validation, test } = browser.opened.splits;
      const full = { train, validation, test };
      const splits = options.split ?? (["train", "validation", "test"] as const).filter((s) => full[s].length > 0);
      const samples = await browser.predict({ variant: String(variant), splits }, io);
      io.print(samples === 0 ? "All of it is known already." : `Looked at ${samples} samples.`);
      return { samples, splits };
    }),
  );
}

interface CalibrationOptions extends DataOptions {
  readonly samples?: number;
  readonly from?: CalibrationPick["from"];
  readonly by?: CalibrationPick["by"];
  readonly seed?: number;
  readonly dryRun?: boolean;
}

export function addCalibration(data: Command, run: Run): void {
  const command = subcommand(data, "calibration")
    .option("--samples <count>", "how many samples calibrate", wholeNumber(0))
    .option("--from <split>", "train, validation or test", oneOf(["train", "validation", "test"] as const))
    .option("--by <way>", "class (each has its share) or random", oneOf(["class", "random"] as const))
    .option("--seed <number>", "the same seed draws the same samples", wholeNumber(0))
    .option("--dry-run", "only tell what it would mean")
    .description("show or choose the samples that calibrate");
  act<CalibrationOptions>(command, run, (io, options) => {
    const { samples, from, by, seed, dryRun = false } = options;
    const isChange = samples !== undefined || from !== undefined || by !== undefined || seed !== undefined;
    const mode = isChange && !dryRun ? "write" : "read";
    return browsing(io, { ...options, mode }, async (browser, project) => {
      const { chooseCalibration, tryCalibration } = await import("../../app/calibration.ts");
      const { calibration: now } = await browser.summary();
      const pick: CalibrationPick = {
        samples: samples ?? now.samples,
        from: from ?? now.from,
        by: by ?? now.by,
        seed: seed ?? now.seed,
      };
      const report = await tryCalibration(browser, pick, io);
      if (mode === "write") chooseCalibration(project, browser, pick);
      io.print(reportText(report, mode === "write"));
      return { ...report, isChosen: mode === "write" };
    });
  });
}

function reportText({ pick, classes, leaks, warnings, refusal }: CalibrationReport, isChosen: boolean): string {
  const way = pick.by === "class" ? "stratified" : "at random";
  const lines = [
    `${pick.samples} samples of ${pick.from}, ${way}, seed ${pick.seed}${isChosen ? ": they calibrate from now on." : "."}`,
    ...leaks.map(
      ({ split, same, copies }) => `Leak: ${same} of them are in ${split}, ${copies} samples of ${split} are copies.`,
    ),
    ...(leaks.length === 0 ? ["No leak: none of them, and no copy, is in validation or test."] : []),
    ...warnings.map((text) => `Careful: ${text}`),
    ...(refusal === undefined ? [] : [`These cannot be chosen. ${refusal}`]),
  ];
  if (classes.length === 0) return lines.join("\n");
  const columns = [
    { title: "Class" },
    { title: "Picked", isNumber: true },
    { title: `In ${pick.from}`, isNumber: true },
  ];
  const rows = classes.map((c) => [c.class, String(c.picked), String(c.available)]);
  return `${lines.join("\n")}\n\n${textTable(columns, rows)}`;
}
