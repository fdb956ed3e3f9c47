import { readdirSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { sharedData } from "../shared.ts";
import { deviation, mean, type Section, type SectionFigures } from "./methods/section.ts";

const FOLDER = join(import.meta.dirname, "methods");
/** What was computed before, so that a bench that was stopped goes on. */
const KEPT = join(import.meta.dirname, ".methods");

type Figures = Readonly<Record<string, SectionFigures>>;

/** The claims about the methods, on real data: `-- methods [--only SECTION] [--seeds N | --seed N] [--threads N] [--fresh]`. */
export const bench = {
  id: "methods",
  title:
    "Methods against what they have to beat, on real data [--only SECTION] [--seeds 3 | --seed N] [--threads 2] [--fresh]",
  run: async (): Promise<Figures> => {
    if (sharedData === undefined) throw new Error("The data for this bench is not there; see LATHE_SHARED.");
    const { values } = parseArgs({
      allowPositionals: true,
      strict: false,
      options: {
        only: { type: "string", multiple: true },
        seeds: { type: "string", default: "3" },
        seed: { type: "string" },
        threads: { type: "string", default: "2" },
        fresh: { type: "boolean" },
      },
    });
    if (values.fresh === true) await rm(KEPT, { recursive: true, force: true });
    const only = (values.only ?? []) as readonly string[];
    const seeds =
      typeof values.seed === "string"
        ? [Number(values.seed)]
        : Array.from({ length: Number(values.seeds) }, (_, seed) => seed);
    const threads = Number(values.threads);
    const control = new AbortController();
    process.once("SIGINT", () => control.abort());
    const figures: Record<string, SectionFigures> = {};
    for (const section of await findSections()) {
      if (only.length > 0 && !only.includes(section.id)) continue;
      const folder = join(KEPT, section.id);
      await mkdir(folder, { recursive: true });
      const say = (text: string): void => void process.stderr.write(`${section.id}: ${text}\n`);
      figures[section.id] = await section.run({
        seeds,
        threads,
        folder,
        data: sharedData,
        signal: control.signal,
        say,
      });
    }
    return figures;
  },
  print: (figures: Figures): string =>
    Object.entries(figures)
      .map(([id, { rows, claims }]) => {
        const table = new Table({ head: [id, "metric", "mean", "± deviation", "seeds"], style: { head: [] } });
        for (const { what, metric, unit, values } of rows) {
          table.push([
            what,
            `${metric}${unit && ` (${unit})`}`,
            digits(mean(values)),
            digits(deviation(values)),
            values.length,
          ]);
        }
        const said = claims.map((c) => `${c.holds ? "holds" : "FAILS"}  ${c.text}: ${c.measured}`);
        return [table.toString(), ...said].join("\n");
      })
      .join("\n\n"),
};

const digits = (x: number): string => (Math.abs(x) >= 100 ? x.toFixed(0) : x.toPrecision(4));

async function findSections(): Promise<readonly Section[]> {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith(".ts") && name !== "section.ts");
  const modules = await Promise.all(
    names.sort().map((name) => import(join(FOLDER, name)) as Promise<{ readonly section?: Section }>),
  );
  return modules.flatMap(({ section }) => (section === undefined ? [] : [section]));
}
