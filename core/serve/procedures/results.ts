import { homedir } from "node:os";
import { join } from "node:path";
import { compareVariants } from "../../app/compare.ts";
import { compareLayers, learningCurvesOf } from "../../app/compareDetails.ts";
import { MARKED } from "../../app/best.ts";
import { comparedFigures, latencyProtocol } from "../../app/compareFigures.ts";
import { compareClasses, findDisagreements } from "../../app/compareSamples.ts";
import { planExport } from "../../app/exportPlan.ts";
import { exportVariant } from "../../app/exportVariant.ts";
import { checkName, findVariant } from "../../app/project.ts";
import { describeVerification } from "../../app/verifyBundle.ts";
import { renderReport } from "../../app/writeReport.ts";
import { exportSchema } from "../../contract/export.ts";
import { server, working } from "../base.ts";
import { exportCommand } from "../command.ts";
import { viewVariants } from "../variantViews.ts";

const { compare, reports, exports } = server;

export const compareProcedures = compare.router({
  get: compare.get.handler(async ({ input, context: { engine } }) => {
    const comparison = compareVariants(await engine.projects.get(input.project), input.variants);
    const [variants, figures, curves] = await Promise.all([
      viewVariants(comparison.rows),
      comparedFigures(comparison),
      learningCurvesOf(comparison.rows.map((r) => r.variant)),
    ]);
    return {
      variants,
      ...figures,
      protocol: [...latencyProtocol(comparison), ...(comparison.rows.length > 1 ? [MARKED] : [])],
      curves,
    };
  }),
  layers: compare.layers.handler(async ({ input, context: { engine } }) => {
    const { rows } = compareVariants(await engine.projects.get(input.project), input.variants);
    return compareLayers(rows.map((r) => r.variant));
  }),
  classes: compare.classes.handler(async ({ input, context: { engine } }) => {
    const project = await engine.projects.get(input.project);
    return compareClasses(project, compareVariants(project, input.variants));
  }),
  samples: compare.samples.handler(async ({ input: { project: id, variants, ...options }, context: { engine } }) => {
    const project = await engine.projects.get(id);
    return findDisagreements(project, compareVariants(project, variants), options);
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
  choices: exports.choices.handler(() => exportSchema()),
  plan: exports.plan.handler(async ({ input: { project: id, variant, ...choices }, context: { engine }, signal }) => {
    const project = await engine.projects.get(id);
    const stop = signal ?? new AbortController().signal;
    const found = findVariant(project, variant);
    const { folder } = project.store;
    return {
      ...(await planExport(project, found, { ...choices, signal: stop })),
      command: exportCommand(choices, { variant: found.name, folder, home: homedir() }),
    };
  }),
  write: exports.write.handler(async function* ({ input, context: { engine }, signal }) {
    return yield* working(engine, signal, async (emit, stop) => {
      const { project: id, variant, parent, name, ...choices } = input;
      const project = await engine.projects.get(id);
      const folder = await engine.places.resolve(parent);
      const made = await exportVariant(project, findVariant(project, variant), {
        ...choices,
        emit,
        signal: stop,
        out: join(folder, checkName(name)),
      });
      const { verification } = made;
      return {
        folder: made.folder,
        files: [...made.files],
        verification: describeVerification(verification),
        facts: verification,
      };
    });
  }),
});
