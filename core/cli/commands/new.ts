import { InvalidArgumentError, type Command } from "commander";
import { formatBytes, formatCount } from "../../base/format.ts";
import type { NetInfo } from "../../app/newModel.ts";
import { flagsOf, paramsFrom } from "../flags.ts";
import { act, wholeNumber, type CommonOptions, type Run } from "../io.ts";
import { textTable } from "../table.ts";

interface NewOptions extends CommonOptions {
  readonly out?: string;
  readonly input?: readonly number[];
  readonly classes?: number;
  readonly seed: number;
}

/** `new model NET` with one subcommand per net of the zoo, which is loaded only when it is asked for. */
export async function addNewCommand(program: Command, run: Run, isAsked: boolean): Promise<void> {
  const command = program
    .command("new")
    .description("make a model from scratch")
    .helpCommand(false)
    .command("model")
    .argument("[net]", "a net of the zoo; without it, the zoo is listed")
    .description("build a net with fresh weights; its parameters: lathe new model NET --help")
    .helpCommand(false)
    .enablePositionalOptions();
  act<CommonOptions>(command, run, async (io, _, [net]) => {
    const { countNets, describeNet } = await import("../../app/newModel.ts");
    // Whoever comes here with a name has one that no net has.
    if (net !== undefined) return describeNet(String(net));
    const nets = countNets();
    const rows = nets.map((n) => [
      n.id,
      n.title,
      n.input.join("x"),
      String(n.classes),
      formatCount(n.parameters),
      formatCount(n.macs),
    ]);
    io.print(textTable(COLUMNS, rows));
    return { nets };
  });
  if (!isAsked) return;
  const { listNets } = await import("../../app/newModel.ts");
  for (const net of listNets()) addNet(command, run, net);
}

const COLUMNS = [
  { title: "Net" },
  { title: "What it is" },
  { title: "Input", isNumber: true },
  { title: "Classes", isNumber: true },
  { title: "Parameters", isNumber: true },
  { title: "MACs", isNumber: true },
];

function addNet(parent: Command, run: Run, net: NetInfo): void {
  const command = parent
    .command(net.id)
    .description(net.title)
    .option("-o, --out <file>", `file to write; it must not exist (default: ${net.id}.onnx)`)
    .option("--input <sizes>", `${net.inputMeaning} (default: ${net.input.join("x")})`, sizes)
    .option("--classes <count>", `classes to tell apart (default: ${net.classes})`, wholeNumber(1))
    .option("--seed <seed>", "seed of the weights", wholeNumber(0), 0)
    .addHelpText("after", `\n${net.source}`);
  for (const flag of flagsOf(net)) command.addOption(flag);
  act<NewOptions>(command, run, async (io, options) => {
    const [{ newModel }, { nodeHost }] = await Promise.all([
      import("../../app/newModel.ts"),
      import("../../app/nodeHost.ts"),
    ]);
    const { out = `${net.id}.onnx`, input, classes, seed } = options;
    const params = paramsFrom(net, command.opts());
    const made = await newModel({ net: net.id, input, classes, params, seed }, out, { ...io, host: nodeHost });
    io.print(
      `Made ${made.file} (${formatBytes(made.bytes)}): ${net.title}, ${made.input.join("x")}, ${made.classes} classes, ` +
        `${formatCount(made.parameters)} parameters, ${formatCount(made.macs)} multiply-accumulates.\n` +
        `Next: lathe import model ${out} --project DIR`,
    );
    return made;
  });
}

/** "3x32x32". */
function sizes(text: string): readonly number[] {
  if (!/^\d+(x\d+)*$/.test(text)) throw new InvalidArgumentError(`"${text}" is not a list of sizes such as 3x32x32.`);
  return text.split("x").map(Number);
}
