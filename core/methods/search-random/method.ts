import { z } from "zod";
import { defineMethod } from "../define.ts";
import { searchEstimate } from "../searchEstimate.ts";
import { searchFindings } from "../searchFindings.ts";
import { oneNet, searchParams } from "../searchParams.ts";
import { searchReport } from "../searchReport.ts";
import { needsTask } from "../searchSpace.ts";

export default defineMethod({
  id: "search-random",
  family: "search",
  title: "Random architecture search",
  summary: "Trains random nets of a space and keeps the front: what every other search has to beat.",
  paper: "Li & Talwalkar 2019, Random Search and Reproducibility for Neural Architecture Search, arXiv 1902.07638",
  version: 1,
  params: z.strictObject(searchParams),
  needsData: () => true,
  applies: (model) => needsTask(model),
  estimate: (_, params, all) => searchEstimate(params, { nets: params.trials, all }),
  load: () => import("./run.ts"),
  findings: searchFindings,
  report: searchReport,
  again: (params, { point }) => oneNet(params, point),
});
