import { server } from "./base.ts";
import { fileProcedures, machineProcedures } from "./procedures/machine.ts";
import { modelProcedures } from "./procedures/models.ts";
import { dataProcedures } from "./procedures/data.ts";
import { overviewProcedures, variantProcedures } from "./procedures/project.ts";
import { projectProcedures } from "./procedures/projects.ts";
import { compareProcedures, exportProcedures, reportProcedures } from "./procedures/results.ts";
import { jobProcedures, methodProcedures, presetProcedures } from "./procedures/runs.ts";
import { trialProcedures } from "./procedures/trials.ts";

/** The contract, implemented. Every door serves this router and no other. */
export const router = server.router({
  projects: projectProcedures,
  overview: overviewProcedures,
  variants: variantProcedures,
  models: modelProcedures,
  data: dataProcedures,
  methods: methodProcedures,
  presets: presetProcedures,
  jobs: jobProcedures,
  compare: compareProcedures,
  trials: trialProcedures,
  reports: reportProcedures,
  exports: exportProcedures,
  files: fileProcedures,
  engine: machineProcedures,
});
