import { existsSync } from "node:fs";
import { Option, type Command } from "commander";
import { formatBytes, formatCount } from "../../base/format.ts";
import type { MethodInfo } from "../../contract/method.ts";
import { describeParameters } from "../flags.ts";
import type { CompareDetails } from "./compareDetails.ts";
import {
  act,
  collect,
  inProject,
  wholeNumber,
  withProjectOption,
  type CommonOptions,
  type ProjectOptions,
  type Run,
} from "../io.ts";
import { blockTable, textTable } from "../table.ts";

/** doctor, inspect, variants, compare, diff, report, methods. */
export function addViewCommands(program: Command, run: Run): void {
  addInspect(program, run);
  addVariants(program, run);
  addCompare(program, run);
  addDiff(program, run);
  addReport(program, run);
  addMethods(program, run);
  addDoctor(program, run);
}

function addDoctor(program: Command, run: Run): void {
  const command = program.command("doctor").description("show what this machine can run models on");
  act<CommonOptions>(command, run, async (io) => {
    const { diagnose } = await import("../../app/doctor.ts");
    const found = await diagnose(".", io.signal);
    const { machine } = found;
    const sets = Object.entries(machine.instructionSets).filter(([, has]) => has);
    const yes = sets.map(([name]) => INSTRUCTION_NAMES[name] ?? name).join(", ");
    const rows = [
      ["Lathe", found.lathe],
      ["Node", found.node],
      ["Runtime", machine.runtime],
      ["Platform", `${machine.platform}, ${machine.architecture}`],
      ["Processor", `${machine.processor}, ${machine.cores} ${machine.cores === 1 ? "core" : "cores"}`],
      ["Instructions", `${yes === "" ? "none of interest" : yes} (${machine.instructionSource})`],
      ["Memory", formatBytes(machine.memory)],
      ...(found.diskFree === undefined ? [] : [["Disk free", formatBytes(found.diskFree)]]),
    ];
    const width = Math.max(...rows.map(([name]) => name?.length ?? 0));
    io.print(rows.map(([name = "", value = ""]) => `${name.padEnd(width)}  ${value}`).join("\n"));
    io.print("");
    io.print(
      textTable(
        [{ title: "Provider" }, { title: "Here" }, { title: "Why" }],
        machine.providers.map((p) => [p.name, p.available ? "yes" : "no", p.reason]),
      ),
    );
    io.print("");
    io.print(
      textTable(
        [{ title: "Device" }, { title: "What a training on it uses" }],
        found.training.map(({ provider, uses }) => [provider, uses]),
      ),
    );
    if (found.advice.length > 0) io.print(`\n${found.advice.join("\n")}`);
    return found;
  });
}

const INSTRUCTION_NAMES: Readonly<Record<string, string>> = {
  avx2: "AVX2",
  avx512: "AVX-512",
  vnni: "VNNI",
  amx: "AMX",
  neon: "NEON",
  neonDot: "NEON dot product",
};

interface InspectOptions extends ProjectOptions {
  readonly nodes?: number;
  readonly text?: boolean;
  readonly groups?: boolean;
  readonly blocks?: boolean;
  readonly layers?: boolean;
  readonly constant?: string;
}

function addInspect(program: Command, run: Run): void {
  const command = withProjectOption(program.command("inspect"))
    .argument("<model>", "ONNX file, or a variant of the project")
    .option("--text", "print the whole graph")
    .option("--nodes <count>", "most nodes to print with --text", wholeNumber(0))
    .option("--groups", "print which channels stand and fall together; runs the model once")
    .option("--blocks", "print its blocks and what is in them")
    .option("--layers", "print shape, arithmetic and time of each node; runs the model")
    .option("--constant <name>", "print range, zeros and histogram of a constant")
    .description("describe a model without running it");
  act<InspectOptions>(command, run, async (io, options, [model]) => {
    const { inspectFile, inspectVariant } = await import("../../app/inspect.ts");
    const limit = options.nodes === undefined ? {} : { maximumNodes: options.nodes };
    const target = String(model);
    const isFile = existsSync(target) || /\.onnx$|[/\\]/.test(target);
    if (options.groups === true) {
      const { inspectFileGroups, inspectVariantGroups } = await import("../../app/inspectGroups.ts");
      const { groups, text } = isFile
        ? await inspectFileGroups(target, (await import("../../app/nodeHost.ts")).nodeHost, io.signal)
        : await inProject(options, "read", (project) => inspectVariantGroups(project, target, io.signal));
      io.print(text);
      return { groups };
    }
    if (options.blocks === true || options.layers === true || options.constant !== undefined) {
      const { inspectConstant, inspectLayers, inspectParts, withInspected } = await import("../../app/inspectParts.ts");
      const { nodeHost } = await import("../../app/nodeHost.ts");
      const look = async (file: Parameters<typeof inspectParts>[0]): Promise<{ readonly text: string }> => {
        if (options.constant !== undefined) return inspectConstant(file, options.constant, nodeHost);
        return options.layers === true ? inspectLayers(file, io) : inspectParts(file, nodeHost);
      };
      const found = isFile
        ? await withInspected({ path: target }, look)
        : await inProject(options, "read", (project) => withInspected({ project, variant: target }, look));
      io.print(found.text);
      return found;
    }
    const { facts, text } = isFile
      ? await inspectFile(target, limit, (await import("../../app/nodeHost.ts")).nodeHost)
      : await inProject(options, "read", (project) => inspectVariant(project, target, limit));
    if (options.text === true) io.print(text.trimEnd());
    else {
      io.print(
        `${facts.name}: IR version ${facts.irVersion}, opsets ${Object.entries(facts.opsets)
          .map(([d, v]) => `${d} ${v}`)
          .join(", ")}${facts.producer === "" ? "" : `, by ${facts.producer}`}`,
      );
      for (const input of facts.inputs) io.print(`  input   ${input}`);
      for (const output of facts.outputs) io.print(`  output  ${output}`);
      const { count, elements, bytes } = facts.constants;
      io.print(`  ${facts.nodes} nodes: ${facts.operators.map((o) => `${o.op} ${o.count}`).join(", ")}`);
      io.print(
        `  ${count} constants: ${formatCount(elements)} elements, ${formatBytes(bytes)} (${facts.types.map((t) => `${t.type} ${formatBytes(t.bytes)}`).join(", ")})`,
      );
      if (facts.externalBytes > 0) io.print(`  ${formatBytes(facts.externalBytes)} in external files`);
      if (facts.functions > 0) io.print(`  ${facts.functions} functions`);
      for (const [key, value] of Object.entries(facts.metadata)) io.print(`  ${key}: ${value}`);
      if (facts.notRunnable !== undefined) io.print(`Cannot run: ${facts.notRunnable}`);
    }
    return options.text === true ? { ...facts, text } : facts;
  });
}

function addVariants(program: Command, run: Run): void {
  const command = withProjectOption(program.command("variants"))
    .option("--archived", "list those too that were archived")
    .description("list the variants of a project");
  act<ProjectOptions & { readonly archived?: boolean }>(command, run, (io, options) =>
    inProject(options, "read", async ({ store }) => {
      const all = store.variants();
      const variants = options.archived === true ? all : all.filter((v) => v.archivedAt === undefined);
      const { baseline } = store.settings;
      const names = new Map(all.map((v) => [v.id, v.name]));
      if (variants.length === 0) io.print("There are no variants yet: lathe import model FILE.");
      else {
        const columns = [
          { title: "Id" },
          { title: "Name" },
          { title: "From" },
          { title: "Method" },
          { title: "Size", isNumber: true },
          { title: "Top-1 (%)", isNumber: true },
          { title: "Model" },
        ];
        const rows = variants.map((v) => [
          v.id,
          v.id === baseline ? `${v.name} (baseline)` : v.archivedAt === undefined ? v.name : `${v.name} (archived)`,
          v.parent === null ? "" : (names.get(v.parent) ?? v.parent),
          v.recipe?.method ?? "imported",
          formatBytes(Object.values(v.external).reduce((sum, e) => sum + e.bytes, v.model.bytes)),
          v.measurements?.accuracy === undefined ? "" : (v.measurements.accuracy.top1 * 100).toFixed(1),
          v.model.sha256.slice(0, 12),
        ]);
        io.print(textTable(columns, rows));
        const { damageOf } = await import("../../app/told.ts");
        for (const variant of variants)
          for (const text of await damageOf(variant)) io.print(`Careful: ${variant.name}: ${text}`);
      }
      return { baseline, variants };
    }),
  );
}

interface CompareOptions extends ProjectOptions, CompareDetails {
  readonly measure?: boolean;
  readonly batch?: number[];
  readonly threads?: number;
  readonly runs?: number;
  readonly data?: string;
  readonly baseline?: string;
}

function addCompare(program: Command, run: Run): void {
  const command = withProjectOption(program.command("compare"))
    .argument("[variants...]", "variants to put beside the baseline (default: all)")
    .option("--measure", "measure all of them anew, in turns")
    .option("--batch <size>", "batch size to time (repeatable; default: 1)", collect(wholeNumber(1)))
    .option("--threads <count>", "threads to time with (default: 1)", wholeNumber(1))
    .option("--runs <count>", "most timed calls (default: 200)", wholeNumber(1))
    .option("--data <name>", "data set for accuracy (default: the newest)")
    .option("--baseline <variant>", "pin another baseline, now and from now on")
    .option("--classes", "print the accuracy of each class and how it changed")
    .option("--layers", "print time, bits, sparsity and noise of each layer")
    .addOption(
      new Option("--samples <which>", "print samples that variants answer differently").choices([
        "any",
        "lost",
        "gained",
      ]),
    )
    .description("put variants beside the baseline");
  act<CompareOptions>(command, run, (io, options, [names]) =>
    inProject(
      options,
      options.measure === true || options.baseline !== undefined ? "write" : "read",
      async (project) => {
        if (options.baseline !== undefined) {
          const { pinBaseline } = await import("../../app/project.ts");
          pinBaseline(project, options.baseline);
        }
        const { compareVariants, comparisonTable } = await import("../../app/compare.ts");
        const asked = (names ?? []) as readonly string[];
        let comparison = compareVariants(project, asked);
        if (options.measure === true) {
          const { measureVariants } = await import("../../app/measureVariants.ts");
          const { batch, threads, runs, data } = options;
          await measureVariants(
            project,
            comparison.rows.map((r) => r.variant),
            {
              ...io,
              data,
              skipUnrunnable: asked.length === 0,
              ...(batch && { batches: batch }),
              ...(threads !== undefined && { threads }),
              ...(runs !== undefined && { runs }),
            },
          );
          comparison = compareVariants(project, asked);
        }
        io.print(blockTable(comparisonTable(comparison)));
        if (comparison.rows.every((r) => r.variant.measurements === null))
          io.print("\nNothing has been measured yet; add --measure.");
        const { classes, layers, samples } = options;
        if (classes !== true && layers !== true && samples === undefined) return comparison;
        const { printDetails } = await import("./compareDetails.ts");
        return { ...comparison, ...(await printDetails(io, { project, comparison }, options)) };
      },
    ),
  );
}

function addDiff(program: Command, run: Run): void {
  const command = withProjectOption(program.command("diff"))
    .argument("<a>", "variant")
    .argument("<b>", "variant")
    .description("show what differs between two models: nodes, weights, inputs, versions");
  act<ProjectOptions>(command, run, (io, options, [a, b]) =>
    inProject(options, "read", async (project) => {
      const { diffVariants } = await import("../../app/inspect.ts");
      const found = await diffVariants(project, [String(a), String(b)]);
      io.print(found.text.trimEnd());
      return { a: found.a, b: found.b, diff: found.diff };
    }),
  );
}

function addReport(program: Command, run: Run): void {
  const command = withProjectOption(program.command("report"))
    .argument("[variants...]", "variants to report on (default: all)")
    .requiredOption("-o, --out <file>", "file to write: .html, .md, .csv or .json (repeatable)", collect(String))
    .description("write a report");
  act<ProjectOptions & { readonly out: string[] }>(command, run, (io, options, [names]) =>
    inProject(options, "read", async (project) => {
      const { writeReport } = await import("../../app/writeReport.ts");
      const written = await writeReport(project, (names ?? []) as readonly string[], options.out);
      for (const path of written) io.print(path);
      return { written };
    }),
  );
}

function addMethods(program: Command, run: Run): void {
  const command = program
    .command("methods")
    .argument("[id]", "show one method with its parameters")
    .description("list the methods");
  act<CommonOptions>(command, run, async (io, _, [id]) => {
    const { describeMethod, listMethods } = await import("../../app/methods.ts");
    if (id === undefined) {
      const methods = await listMethods();
      io.print(
        textTable(
          [{ title: "Method" }, { title: "Family" }, { title: "What it does" }],
          methods.map((m) => [m.id, m.family, m.summary]),
        ),
      );
      return { methods };
    }
    const method = await describeMethod(String(id));
    io.print(methodText(method));
    return method;
  });
}

function methodText(method: MethodInfo): string {
  const head = [`${method.id}, version ${method.version} (${method.family}): ${method.title}`, method.summary];
  if (method.paper !== undefined) head.push(method.paper);
  const rows = describeParameters(method).map((p) => [p.flag, p.values, p.fallback, p.text]);
  return `${head.join("\n")}\n\n${textTable([{ title: "Parameter" }, { title: "Values" }, { title: "Default" }, { title: "Meaning" }], rows)}`;
}
