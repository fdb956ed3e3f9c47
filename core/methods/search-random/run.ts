import { randomSampler } from "../../search/sampler.ts";
import type { MethodContext, MethodResult } from "../define.ts";
import type { SearchFindings } from "../searchFindings.ts";
import type { SearchParams } from "../searchParams.ts";
import { runSearch } from "../searchRun.ts";

/** Trains random nets. */
export function run(context: MethodContext<SearchParams>): Promise<MethodResult<SearchFindings>> {
  return runSearch(context, [{ group: "random", start: randomSampler }]);
}
