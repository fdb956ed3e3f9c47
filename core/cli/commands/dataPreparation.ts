import type { Command } from "commander";
import { browsing, subcommand, type DataOptions } from "../browsing.ts";
import { act, type Run } from "../io.ts";
import { preparationTable } from "../preparationTable.ts";

/** data preparation: shows what was tried, and takes another of it. */
export function addPreparation(data: Command, run: Run): void {
  const command = subcommand(data, "preparation")
    .option("--use <name>", "prepare samples in this one of the ways that were tried")
    .description("show how samples are prepared and what was tried at the import, or take another of these");
  act<DataOptions & { readonly use?: string }>(command, run, (io, options) =>
    browsing(io, { ...options, mode: options.use === undefined ? "read" : "write" }, async (browser, project) => {
      const { use } = options;
      const { data: before, steps } = await browser.summary();
      if (use === undefined) for (const step of steps) io.print(step);
      else {
        const { takePreparation } = await import("../../app/takePreparation.ts");
        const { name, preparation } = takePreparation(project, browser, use);
        io.print(`Samples of "${name}" are prepared as "${preparation?.trial?.taken ?? use}" from now on.`);
      }
      const shown = project.store.data().find(({ id }) => id === before.id) ?? before;
      const { preprocessing, preparation } = shown;
      if (use === undefined) for (const reason of preparation?.reasons ?? []) io.print(`At the import: ${reason}`);
      if (use === undefined && preparation?.by === "chosen" && preparation.trial !== undefined)
        io.print(`Afterwards "${preparation.trial.taken}" was chosen by hand.`);
      if (preparation?.trial !== undefined) io.print(`\n${preparationTable(preparation.trial)}`);
      return { data: shown.id, preprocessing, ...(preparation && { preparation }) };
    }),
  );
}
