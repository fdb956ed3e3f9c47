import { expect, it } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { startDraft } from "../../core/autodiff/writer.ts";
import { float32 } from "../../core/base/array.ts";
import { seededRandom } from "../../core/base/random.ts";
import { graph, model, value } from "../../core/graph/build.ts";
import { withSession } from "../../core/runtime/session.ts";
import { joinedUpdate } from "../../core/train/joinedUpdate.ts";
import { optimizerOf, type OptimizerSpec, type Update, type UpdateCall } from "../../core/train/optimizers.ts";

const LENGTHS = [3, 1, 17, 8, 5];
const DECAYS = [0, 0.1, 0, 0, 0.1];

/** New values of all vectors and their state. */
async function updated(
  spec: OptimizerSpec,
  isJoined: boolean,
): Promise<{ readonly nodes: number; readonly values: unknown }> {
  const optimizer = optimizerOf(spec);
  const names = LENGTHS.map((_, i) => ["weight", "gradient", ...optimizer.slots].map((part) => `${part}${i}`));
  const inputs = names.flatMap((own, i) => own.map((name) => value(name, "float32", [LENGTHS[i]!])));
  const scalars = [value("rate", "float32", []), value("step", "float32", [])];
  const empty = graph({ inputs: [...inputs, ...scalars], outputs: [], nodes: [] });
  const write = startDraft(empty, { opset: 17, facts: () => undefined, prefix: "update" });
  const update = optimizer.start(write, { rate: "rate", step: "step" });
  const calls = names.map(([weight = "", gradient = "", ...state], i): UpdateCall => {
    return { weight, gradient, state, decay: DECAYS[i]! };
  });
  const vectors = calls.map((call, i) => ({ call, length: LENGTHS[i]! }));
  const results: readonly Update[] = isJoined ? joinedUpdate(write, update, vectors) : calls.map(update);
  const outputs = results.flatMap(({ weight, state }) => [weight, ...state]);
  const whole = graph({
    inputs: empty.inputs,
    outputs: outputs.map((name) => value(name, "float32", ["n"])),
    nodes: write.nodes,
    initializers: write.initializers,
  });
  const random = seededRandom(1, "vectors");
  const feeds = Object.fromEntries(
    names.flatMap((own, i) =>
      own.map((name) => [
        name,
        float32(
          [LENGTHS[i]!],
          Float32Array.from({ length: LENGTHS[i]! }, () => random.next()),
        ),
      ]),
    ),
  );
  const given = { ...feeds, rate: float32([], [0.1]), step: float32([], [3]) };
  const found = await withSession(model(whole), { host: nodeHost }, (session) => session.run(given));
  return { nodes: write.nodes.length, values: outputs.map((name) => Array.from(found[name]!.data as Float32Array)) };
}

it.each<OptimizerSpec>([
  { kind: "sgd", nesterov: true, weightDecay: 0.1 },
  { kind: "adamw", weightDecay: 0.1 },
  { kind: "rmsprop", momentum: 0.9, weightDecay: 0.1 },
])("gives the bytes of single updates: $kind", async (spec) => {
  const [joined, single] = [await updated(spec, true), await updated(spec, false)];
  expect(joined.values).toEqual(single.values);
  expect(joined.nodes).toBeLessThan(single.nodes);
});
