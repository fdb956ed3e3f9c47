import { setTimeout as sleep } from "node:timers/promises";
import { throwIfCancelled } from "../../../core/base/cancel.ts";
import { LatheError, type ErrorCode } from "../../../core/base/error.ts";
import { seededRandom } from "../../../core/base/random.ts";
import { floatTensor } from "../../../core/graph/build.ts";
import type { Model } from "../../../core/graph/model.ts";
import type { MethodContext, MethodResult } from "../../../core/methods/define.ts";
import { floatsOf } from "./floats.ts";
import type { Findings, Params } from "./method.ts";

export async function run(context: MethodContext<Params>): Promise<MethodResult<Findings>> {
  const { model, params, seed, signal, emit, trials, open } = context;
  if (trials === undefined || open === undefined) throw new LatheError("internal", "There is no project.");
  const teacher = params.teacher === "" ? undefined : await open(params.teacher);
  const resumed = trials.done.length;
  for (let number = resumed; number < params.trials; number++) {
    if (!params.stubborn) throwIfCancelled(signal);
    const from = performance.now();
    if (params.pause > 0) await sleep(params.pause);
    if (params.fail !== "" && number === params.trials - 1) {
      throw new LatheError(params.fail as ErrorCode, "The last trial failed.", { hint: "Ask for no failure." });
    }
    const scale = seededRandom(seed, `scale/${number}`).next();
    const values = { score: Math.round(1000 * scale * (1 - scale)) / 1000, cost: scale };
    const seconds = (performance.now() - from) / 1000;
    await trials.add({ number, point: { scale }, state: "done", values, seconds });
    emit({ kind: "progress", done: number + 1, total: params.trials, unit: "trials" });
    emit({ kind: "metric", name: "score", value: values.score });
  }
  const ranked = trials.done.toSorted((a, b) => (b.values["score"] ?? 0) - (a.values["score"] ?? 0));
  const [best = 1, second = 1] = ranked.map((t) => t.values["cost"] ?? 1);
  const findings = { best, resumed, teacher: teacher === undefined ? 0 : bytesOf(teacher) };
  return {
    model: scaled(model, best),
    findings,
    warnings: [],
    ...(params.extra && {
      others: [
        { suffix: "second", model: scaled(model, second), findings: { ...findings, best: second }, warnings: [] },
      ],
    }),
  };
}

function scaled(model: Model, factor: number): Model {
  const [first, ...rest] = model.graph.initializers;
  if (first === undefined) return model;
  const values = floatsOf(first).map((v) => v * factor);
  return { ...model, graph: { ...model.graph, initializers: [floatTensor(first.name, first.dims, values), ...rest] } };
}

function bytesOf({ graph }: Model): number {
  return graph.initializers.reduce((sum, t) => sum + (t.data.kind === "bytes" ? t.data.bytes.byteLength : 0), 0);
}
