import type { Command } from "commander";
import { act, inProject, withProjectOption, type ProjectOptions, type Run } from "../io.ts";

/** archive: variants. Jobs have their own under jobs. */
export function addArchiveCommand(program: Command, run: Run): void {
  const command = withProjectOption(program.command("archive"))
    .argument("<variants...>", "variants, by id, name or hash")
    .option("--undo", "bring them back")
    .description("put variants out of sight; they stay in the project");
  act<ProjectOptions & { readonly undo?: boolean }>(command, run, (io, options, [names]) =>
    inProject(options, "write", async (project) => {
      const { archiveVariant } = await import("../../app/archive.ts");
      const isArchived = options.undo !== true;
      const changed = ((names ?? []) as readonly string[]).map((name) => archiveVariant(project, name, isArchived));
      for (const { name } of changed) io.print(isArchived ? `Archived "${name}".` : `Brought "${name}" back.`);
      return { variants: changed.map(({ id, name, archivedAt }) => ({ id, name, archivedAt })) };
    }),
  );
}
