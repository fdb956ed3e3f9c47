import { defineMethod } from "../define.ts";
import { needsTask } from "../searchSpace.ts";
import { findings } from "./findings.ts";
import { params } from "./params.ts";
import { report } from "./report.ts";

/** Samples of 28×28 that a small supernet trains one subnet on in a second. */
const SPEED = 500;

export default defineMethod({
  id: "search-supernet",
  family: "search",
  title: "Supernet search",
  summary: "Trains one net that holds all nets of a space, then picks subnets that need no further training.",
  paper:
    "Cai et al. 2020, Once-for-All, arXiv 1908.09791; Yu et al. 2020, BigNAS, arXiv 2003.11142; Yu & Huang 2019, arXiv 1903.05134",
  version: 1,
  params,
  needsData: () => true,
  applies: (model) =>
    needsTask(model, ["Its nets are stages of residual blocks, with elastic depth, width and kernel."]),
  estimate: (_, { epochs, samples, random, trials, alone }, all) => {
    const seen = epochs * (samples === 0 ? all : Math.min(samples, all));
    return { seconds: 10 + ((2 + random + alone) * seen) / SPEED + 2 * trials, memory: 1e9, disk: 2e7 };
  },
  findings,
  load: () => import("./run.ts"),
  report,
});
