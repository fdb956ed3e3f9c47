import { defineMethod } from "../define.ts";
import { searchEstimate } from "../searchEstimate.ts";
import { searchFindings } from "../searchFindings.ts";
import { oneNet } from "../searchParams.ts";
import { searchReport } from "../searchReport.ts";
import { needsTask } from "../searchSpace.ts";
import { params } from "./params.ts";
import { suggest } from "./suggest.ts";

export default defineMethod({
  id: "search-evolution",
  family: "search",
  title: "Evolutionary architecture search",
  summary: "Breeds nets of a space for accuracy and small cost, beside as many random ones.",
  paper:
    "Deb et al. 2002, NSGA-II, IEEE Trans. Evol. Comput. 6(2); Real et al. 2019, Regularized Evolution, arXiv 1802.01548",
  version: 1,
  params,
  needsData: () => true,
  applies: (model) => needsTask(model),
  estimate: (_, given, all) =>
    searchEstimate(given, { nets: given.baseline ? 2 * given.trials - given.population : given.trials, all }),
  load: () => import("./run.ts"),
  findings: searchFindings,
  report: searchReport,
  again: (given, { point }) => ({ ...oneNet(given, point), baseline: false }),
  suggest,
});
