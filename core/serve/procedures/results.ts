import { join } from "node:path";
import { buildReport } from "../../app/buildReport.ts";
import { compareVariants, comparisonTable } from "../../app/compare.ts";
import { exportVariant } from "../../app/exportVariant.ts";
import { checkName, findVariant } from "../../app/project.ts";
import { chartBlocks } from "../../app/reportCharts.ts";
import { layerBlocks } from "../../app/reportLayers.ts";
import { describeVerification } from "../../app/verifyBundle.ts";
import { renderReport } from "../../app/writeReport.ts";
import { server, working } from "../base.ts";
import { viewVariants } from "../variantViews.ts";

const { compare, reports, exports } = server;

export const compareProcedures = compare.router({
  get: compare.get.handler(async ({ input, context: { engine } }) => {
    const project = await engine.projects.get(input.project);
    const comparison = compareVariants(project, input.variants);
    const report = await buildReport(project, input.variants);
    const isPerClass = (block: (typeof report.blocks)[number]): boolean =>
      block.kind === "table" && block.title === "Accuracy by class";
    return {
      variants: await viewVariants(comparison.rows),
      table: comparisonTable(comparison),
      charts: chartBlocks(comparison),
      details: [...report.blocks.filter(isPerClass), ...layerBlocks(comparison.rows.map((r) => r.variant))],
    };
  }),
});

const TYPES = {
  html: "text/html; charset=utf-8",
  md: "text/markdown; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  json: "application/json",
} as const;

export const reportProcedures = reports.router({
  render: reports.render.handler(async ({ input: { project: id, variants, format }, context: { engine } }) => {
    const project = await engine.projects.get(id);
    const text = await renderReport(project, variants, `.${format}`);
    return { name: `${project.store.settings.name}.${format}`, type: TYPES[format], text };
  }),
});

export const exportProcedures = exports.router({
  write: exports.write.handler(async function* ({ input, context: { engine }, signal }) {
    return yield* working(engine, signal, async (emit, stop) => {
      const project = await engine.projects.get(input.project);
      const parent = await engine.places.resolve(input.parent);
      const made = await exportVariant(project, findVariant(project, input.variant), {
        emit,
        signal: stop,
        out: join(parent, checkName(input.name)),
        samples: input.samples,
      });
      return { folder: made.folder, files: [...made.files], verification: describeVerification(made.verification) };
    });
  }),
});
