import { formatPercent } from "../base/format.ts";
import { PROCESSOR_NAMES } from "../contract/device.ts";
import type { ProcessorAccuracy } from "../contract/measurement.ts";
import type { Variant } from "../contract/project.ts";
import type { ReportBlock } from "../contract/report.ts";
import type { Project } from "./project.ts";
import { stepBlocks } from "./reportSteps.ts";
import { tellOf, warningsOf } from "./told.ts";

/** What to be careful about with a variant, and what its method found out; that is nothing for an imported one. */
export async function methodBlocks(
  variant: Variant,
): Promise<{ readonly careful: readonly ReportBlock[]; readonly found: readonly ReportBlock[] }> {
  const [warnings, { blocks }] = await Promise.all([warningsOf(variant), tellOf(variant)]);
  return {
    careful: warnings.map((text) => ({ kind: "callout", tone: "warning", text })),
    found: [...processorBlock(variant.measurements?.accuracy?.processors ?? []), ...blocks],
  };
}

const HOW: Readonly<Record<ProcessorAccuracy["how"], string>> = {
  run: "measured here",
  equal: "the same sums as here",
  emulated: "emulated",
};

/** How right a model of eight bits is on other kinds of processors. */
function processorBlock(found: readonly ProcessorAccuracy[]): readonly ReportBlock[] {
  if (found.length === 0) return [];
  const facts = found.map(({ processor, how, top1, top1Interval: { low, high } }) => ({
    name: `Top-1 on ${PROCESSOR_NAMES[processor]}`,
    value: `${formatPercent(top1)} (${formatPercent(low)} to ${formatPercent(high)}), ${HOW[how]}`,
  }));
  return [{ kind: "facts", facts }];
}

/** What came of a job: what each of its steps changed, where there are several, and what their methods found out. */
export async function jobBlocks(project: Project, job: string): Promise<readonly ReportBlock[]> {
  const made = project.store.jobs.find(job)?.made ?? [];
  const variants = new Map(project.store.variants().map((v) => [v.id, v]));
  const all = made.flat().flatMap((id) => variants.get(id) ?? []);
  // Further results of one run have its findings too.
  const main = made.flatMap(([first]) => variants.get(first ?? "") ?? []);
  const told = await Promise.all(main.map(methodBlocks));
  return [
    ...(await stepBlocks(project, all)),
    ...main.flatMap(({ name }, i): readonly ReportBlock[] => {
      const { careful = [], found = [] } = told[i] ?? {};
      const own = [...careful, ...found];
      return main.length > 1 && own.length > 0 ? [{ kind: "heading", level: 3, text: name }, ...own] : own;
    }),
  ];
}
