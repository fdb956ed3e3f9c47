import { InvalidArgumentError, type Command } from "commander";
import { formatBytes } from "../../base/format.ts";
import {
  act,
  inProject,
  numberWithin,
  wholeNumber,
  withProjectOption,
  type CommonOptions,
  type ProjectOptions,
  type Run,
} from "../io.ts";
import { collect } from "../io.ts";

/** init, import. */
export function addProjectCommands(program: Command, run: Run): void {
  addInit(program, run);
  const imports = program
    .command("import")
    .description("bring a model or a data set into a project")
    .helpCommand(false);
  addImportModel(imports, run);
  addImportData(imports, run);
}

function addInit(program: Command, run: Run): void {
  const command = program
    .command("init")
    .argument("<dir>", "folder of the new project")
    .option("--name <name>", "name of the project (default: the folder's)")
    .description("make a new, empty project");
  act<CommonOptions & { readonly name?: string }>(command, run, async (io, options, [dir]) => {
    const [{ createProject }, { nodeHost }] = await Promise.all([
      import("../../app/project.ts"),
      import("../../app/nodeHost.ts"),
    ]);
    const project = await createProject(String(dir), { name: options.name }, nodeHost);
    const { folder, settings } = project.store;
    project.store.close();
    io.print(`Made project "${settings.name}" in ${folder}.\nNext: lathe import model FILE --project ${String(dir)}`);
    return { project: folder, name: settings.name };
  });
}

function addImportModel(imports: Command, run: Run): void {
  const command = withProjectOption(imports.command("model"))
    .argument("<file>", "ONNX file; its external data comes with it")
    .option("--name <name>", "name of the variant (default: the file's)")
    .description("bring in an ONNX model; the first one is the baseline");
  act<ProjectOptions & { readonly name?: string }>(command, run, (io, options, [file]) =>
    inProject(options, "write", async (project) => {
      const { importModel } = await import("../../app/importModel.ts");
      const variant = await importModel(project, String(file), { ...io, name: options.name });
      const isBaseline = project.store.settings.baseline === variant.id;
      io.print(
        `Imported "${variant.name}" (${variant.id}, ${formatBytes(variant.model.bytes)})${isBaseline ? " as the baseline" : ""}.`,
      );
      for (const warning of variant.warnings) io.print(`Careful: ${warning}`);
      return { variant, isBaseline };
    }),
  );
}

interface DataOptions extends ProjectOptions {
  readonly name?: string;
  readonly preprocessing?: string;
  readonly train?: number;
  readonly validation?: number;
  readonly test?: number;
  readonly calibration?: number;
  readonly splitSeed?: number;
  readonly given: boolean;
  readonly unreadable: "skip" | "stop";
  readonly labelColumn?: string;
  readonly ignoreColumn?: string[];
  readonly labels?: string;
}

function addImportData(imports: Command, run: Run): void {
  const share = numberWithin(0, 1e9);
  const command = withProjectOption(imports.command("data"))
    .argument("<path>", "image folder, CIFAR, IDX, NPY, NPZ or CSV")
    .option("--name <name>", "name of the data set (default: the file's)")
    .option(
      "--preprocessing <preset|file.json>",
      "how samples are prepared (default: as the model's metadata say, else what answers best of several that are tried)",
    )
    .option("--train <share>", "share of the train split (default: 0.8)", share)
    .option("--validation <share>", "share of the validation split (default: 0.1)", share)
    .option("--test <share>", "share of the test split (default: 0.1)", share)
    .option("--calibration <samples>", "calibration samples, drawn from train (default: 512)", wholeNumber(0))
    .option("--split-seed <seed>", "seed of the splits (default: 0)", wholeNumber(0))
    .option("--no-given", "do not follow the data set's own train and test parts")
    .option("--unreadable <policy>", "what to do with unreadable samples: skip or stop", policy, "stop")
    .option("--label-column <title>", "tables: column with the class")
    .option("--ignore-column <title>", "tables: column to leave out (repeatable)", collect(String))
    .option("--labels <file>", "file with the labels")
    .description("bring in a data set; it stays where it is");
  act<DataOptions>(command, run, (io, options, [path]) =>
    inProject(options, "write", async (project) => {
      const { importData } = await import("../../app/projectData.ts");
      const { name, preprocessing, train, validation, test, calibration, splitSeed, given } = options;
      const { data, reasons, counts } = await importData(project, String(path), {
        ...io,
        name,
        preprocessing,
        splits: defined({ train, validation, test, calibration, seed: splitSeed, given }),
        reading: defined({
          unreadable: options.unreadable,
          labelColumn: options.labelColumn,
          ignoreColumns: options.ignoreColumn,
          labels: options.labels,
        }),
      });
      const classes = data.info.classes === undefined ? "no labels" : `${data.info.classes.length} classes`;
      io.print(`Imported "${data.name}" (${data.id}): ${data.info.count} samples, ${classes}, ${data.info.format}.`);
      io.print(
        `Splits: ${Object.entries(counts)
          .map(([split, n]) => `${split} ${n}`)
          .join(", ")}.`,
      );
      for (const reason of reasons) io.print(`Preparation: ${reason}`);
      const trial = data.preparation?.trial;
      if (trial !== undefined) {
        const { preparationTable } = await import("../preparationTable.ts");
        io.print(`\n${preparationTable(trial)}`);
        if (trial.tried.length > 1) io.print("\nTo take another: lathe data preparation --use NAME");
      }
      if (data.info.unreadableCount > 0) {
        io.print(`Careful: ${unreadableText(data.info.unreadableCount)} left out:`);
        for (const { name: sample, reason } of data.info.unreadable) io.print(`  ${sample}: ${reason}`);
      }
      return { data, counts, reasons };
    }),
  );
}

function unreadableText(count: number): string {
  return count === 1 ? "1 sample could not be read and is" : `${count} samples could not be read and are`;
}

function policy(text: string): "skip" | "stop" {
  if (text === "skip" || text === "stop") return text;
  throw new InvalidArgumentError(`"${text}" is neither skip nor stop.`);
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the fields that nobody gave. */
function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as Defined<T>;
}
