import { agingSampler } from "../../search/aging.ts";
import { nsga2Sampler } from "../../search/nsga2.ts";
import { randomSampler, type Sampler, type SamplerOptions } from "../../search/sampler.ts";
import type { MethodContext, MethodResult } from "../define.ts";
import type { SearchFindings } from "../searchFindings.ts";
import { runSearch } from "../searchRun.ts";
import type { Params } from "./params.ts";

/** Breeds nets, after as many random ones. */
export function run(context: MethodContext<Params>): Promise<MethodResult<SearchFindings>> {
  const { strategy, population, tournament, crossover, mutation, baseline } = context.params;
  const rate = mutation > 0 ? { mutation } : {};
  const start = (options: SamplerOptions): Sampler =>
    strategy === "nsga2"
      ? nsga2Sampler({ ...options, population, crossover, ...rate })
      : agingSampler({ ...options, population, tournament, ...rate });
  const random = { group: "random", start: randomSampler };
  return runSearch(context, [...(baseline ? [random] : []), { group: "evolution", start }]);
}
