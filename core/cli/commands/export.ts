import type { Command } from "commander";
import { LatheError } from "../../base/error.ts";
import { formatBytes } from "../../base/format.ts";
import type { ExportPlan } from "../../contract/export.ts";
import { flagName } from "../../contract/method.ts";
import { flagsOf, paramsFrom } from "../flags.ts";
import { act, inProject, withProjectOption, type ProjectOptions, type Run } from "../io.ts";

interface ExportFlags extends ProjectOptions {
  readonly out?: string;
  readonly plan?: true;
}

/** `lathe export`: what may be chosen comes from the schema that the form is made of as well. */
export async function addExportCommand(program: Command, run: Run, isAsked: boolean): Promise<void> {
  const command = withProjectOption(program.command("export"))
    .argument("<variant>", "variant to export")
    .option("-o, --out <dir>", "folder to make; it must not exist")
    .option("--plan", "say what would be written, and write nothing")
    .description("write a variant as a verified bundle: model, preparation, card, parity vectors, examples");
  if (!isAsked) return;
  const { exportSchema } = await import("../../contract/export.ts");
  const choices = { params: exportSchema() };
  for (const flag of flagsOf(choices)) command.addOption(flag);
  act<ExportFlags>(command, run, (io, options, [name]) =>
    inProject(options, "read", async (project) => {
      const given = paramsFrom(choices, options as unknown as Record<string, unknown>);
      const { findVariant } = await import("../../app/project.ts");
      const variant = findVariant(project, String(name));
      if (options.plan === true) {
        const { planExport } = await import("../../app/exportPlan.ts");
        const plan = await planExport(project, variant, { ...given, signal: io.signal });
        io.print(describePlan(plan).join("\n"));
        return plan;
      }
      const [{ exportVariant }, { describeVerification }] = await Promise.all([
        import("../../app/exportVariant.ts"),
        import("../../app/verifyBundle.ts"),
      ]);
      if (options.out === undefined) {
        throw new LatheError("invalid-argument", "Nothing says where to write the bundle.", {
          hint: "Name a new folder with --out, or add --plan to see what would be written.",
        });
      }
      const made = await exportVariant(project, variant, { ...io, ...given, out: options.out });
      io.print(`${made.folder}\n${describeVerification(made.verification)}`);
      return made;
    }),
  );
}

function describePlan({ files, others, opset, inputs, outputs, ...plan }: ExportPlan): readonly string[] {
  const change = (before: string, after: string): string => (before === after ? before : `${before} → ${after}`);
  const edge = (kind: string, { before, after }: ExportPlan["inputs"][number]): string =>
    `${kind}  ${change(`${before.name}: ${before.type}`, `${after.name}: ${after.type}`)}`;
  return [
    ...files.map(({ name, bytes }) => `File    ${name}${bytes === undefined ? "" : `, ${formatBytes(bytes)}`}`),
    `Beside  ${others.join(", ")}`,
    `Opset   ${change(String(opset.before), String(opset.after))}`,
    ...inputs.map((e) => edge("Input ", e)),
    ...outputs.map((e) => edge("Output", e)),
    ...(plan.changes.length === 0 && plan.problems.length === 0 ? ["The model's bytes stay as they are."] : []),
    ...[...plan.changes, ...plan.notes],
    ...plan.problems.map((p) =>
      `Problem with ${p.field === "variant" ? "the variant" : `--${flagName(p.field)}`}: ${p.message} ${p.hint ?? ""}`.trimEnd(),
    ),
  ];
}
