import { formatFixed, formatPercent, formatSigned } from "../../base/format.ts";
import type { Disagreement } from "../../contract/compare.ts";
import type { Comparison } from "../../app/compare.ts";
import type { Project } from "../../app/project.ts";
import type { Io } from "../io.ts";
import { textTable } from "../table.ts";

export interface CompareDetails {
  readonly classes?: boolean;
  readonly layers?: boolean;
  readonly samples?: Disagreement;
}

/** What lies behind the table of a comparison, as far as it is asked for. */
export async function printDetails(
  io: Io,
  { project, comparison }: { readonly project: Project; readonly comparison: Comparison },
  { classes, layers, samples }: CompareDetails,
): Promise<object> {
  const names = comparison.rows.map((r) => r.variant.name);
  const numbers = names.map((title) => ({ title, isNumber: true }));
  const { compareClasses, findDisagreements } = await import("../../app/compareSamples.ts");
  const found: Record<string, unknown> = {};
  if (classes === true) {
    const made = await compareClasses(project, comparison);
    const rows = made.classes.map((c) => [
      c.label,
      String(c.samples),
      ...c.figures.map((f) => {
        if (f === null) return "";
        const d = f.difference;
        const change =
          d === undefined
            ? ""
            : ` ${formatSigned(100 * d.value, 1)} (${formatSigned(100 * d.low, 1)} to ${formatSigned(100 * d.high, 1)})`;
        return `${formatFixed(100 * f.value, 1)} %${change}`;
      }),
    ]);
    io.print(`\n${textTable([{ title: "Class" }, { title: "Samples", isNumber: true }, ...numbers], rows)}`);
    found["classes"] = made.classes;
  }
  if (layers === true) {
    const { compareLayers } = await import("../../app/compareDetails.ts");
    const made = await compareLayers(comparison.rows.map((r) => r.variant));
    const text = (f: (typeof made.layers)[number]["figures"][number]): string =>
      [
        f?.time === undefined ? "" : `${formatFixed(f.time, 3)} ms`,
        f?.bits === undefined ? "" : `${f.bits} bits`,
        f?.sparsity === undefined ? "" : `${formatPercent(f.sparsity)} zero`,
        f?.sqnr === undefined ? "" : `${formatFixed(f.sqnr, 1)} dB`,
      ]
        .filter((t) => t !== "")
        .join(", ");
    const rows = made.layers.map((l) => [l.node, l.op, ...l.figures.map(text)]);
    io.print(`\n${textTable([{ title: "Layer" }, { title: "Op" }, ...names.map((title) => ({ title }))], rows)}`);
    found["layers"] = made.layers;
  }
  if (samples !== undefined) {
    const made = await findDisagreements(project, comparison, { which: samples, offset: 0, limit: 1000 });
    const rows = made.rows.map((r) => [
      String(r.index),
      r.label,
      ...r.answers.map((a) =>
        a === null ? "" : `${a.isRight ? "" : "✗ "}${a.label} ${formatPercent(a.confidence, 0)}`,
      ),
    ]);
    io.print(
      `\n${textTable([{ title: "Sample", isNumber: true }, { title: "Class" }, ...names.map((title) => ({ title }))], rows)}`,
    );
    io.print(`${made.total} of ${made.samples} samples.`);
    found["samples"] = made;
  }
  return found;
}
