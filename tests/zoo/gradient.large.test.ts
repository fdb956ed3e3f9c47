import { expect, it } from "vitest";
import { float32, toFloat32, type NdArray } from "../../core/base/array.ts";
import { seededRandom } from "../../core/base/random.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { differentiate } from "../../core/autodiff/differentiate.ts";
import { node, tensor, tensorArray, value } from "../../core/graph/build.ts";
import type { Model, Value } from "../../core/graph/model.ts";
import { randomFeeds } from "../../core/measure/feeds.ts";
import type { ValueFacts } from "../../core/ops/gradient.ts";
import { openSession, withSession, type Session } from "../../core/runtime/session.ts";
import { findNet } from "../../core/zoo/catalogue.ts";
import { SMALL, type Case } from "./small.ts";

type Arrays = Readonly<Record<string, NdArray>>;

interface Subject {
  readonly model: Model;
  readonly parameters: Arrays;
  readonly facts: (value: string) => ValueFacts | undefined;
}

/**
 * A net whose parameters are inputs, with the loss Σ r·logits. Weights are made large enough for every layer to matter,
 * and nudged away from zero and one.
 */
function subject([id, input, params = {}]: Case): Subject {
  const net = findNet(id);
  const request = { input, params, classes: 3 };
  const { parameters } = net.describe(request);
  const { graph, ...rest } = net.build({ ...request, seed: 5 });
  const learned = new Set(parameters.filter((p) => !p.isState).map((p) => p.name));
  const random = seededRandom(5, "nudge");
  const arrays = graph.initializers
    .filter((t) => learned.has(t.name))
    .map((t): [string, NdArray] => {
      const scale = /^(vit|deit|bert)/.test(id) && t.dims.length > 1 ? 5 : 1;
      const data = toFloat32(tensorArray(t)).map((w) => scale * w + 0.05 * random.normal());
      return [t.name, float32(t.dims, data)];
    });
  const [logits] = graph.outputs;
  const rank = logits?.type?.kind === "tensor" ? (logits.type.dims?.length ?? 0) : 0;
  const dims = [1, 3, ...Array.from({ length: rank - 2 }, () => 1)];
  const model: Model = {
    ...rest,
    graph: {
      ...graph,
      inputs: [...graph.inputs, ...arrays.map(([name, array]) => value(name, "float32", array.dims))],
      initializers: [
        ...graph.initializers.filter((t) => !learned.has(t.name)),
        tensor("r", float32(dims, [0.7, -1.1, 0.4])),
      ],
      nodes: [
        ...graph.nodes,
        node("Mul", [["logits", "r"], ["weighted"]]),
        node("ReduceSum", [["weighted"], ["loss"]], { attributes: { keepdims: 0 } }),
      ],
      outputs: [value("loss", "float32", [])],
    },
  };
  const known = new Map<string, ValueFacts>();
  for (const v of [...model.graph.inputs, ...graph.outputs, ...graph.values]) known.set(v.name, factsOf(v));
  for (const t of model.graph.initializers) known.set(t.name, { type: t.type, dims: t.dims });
  known.set("weighted", known.get("logits")!);
  known.set("loss", { type: "float32", dims: [] });
  return { model, parameters: Object.fromEntries(arrays), facts: (name) => known.get(name) };
}

function factsOf({ type }: Value): ValueFacts {
  if (type?.kind !== "tensor") throw new Error("no type");
  return { type: type.type, dims: (type.dims ?? []).map((d) => d.size ?? "?") };
}

const TOLERANCE = 0.02;

it.each(SMALL.map((net) => ({ net, id: net[0], params: net[2] ?? {} })))(
  "$id $params differentiates with the recorded types, as finite differences do",
  async ({ net }) => {
    const { model, parameters, facts } = subject(net);
    const names = Object.keys(parameters);
    const made = differentiate(model, { from: { loss: undefined }, to: names, facts });
    expect([...made.gradients.keys()].sort()).toEqual(names.toSorted());
    const wanted = [...made.gradients].map(([, gradient]) => ({ name: gradient }));
    const backward: Model = { ...made.model, graph: { ...made.model.graph, outputs: wanted } };

    const session = await openSession(model, {}, nodeHost);
    try {
      const free = session.inputs.filter((i) => !(i.name in parameters));
      const feeds: Arrays = { ...randomFeeds(free, { batch: 2, seed: 1 }), ...parameters };
      const found = await withSession(backward, { host: nodeHost, optimization: "basic" }, (s) => s.run(feeds));
      // Each tensor moves along its gradient by a share of its own, so that an error in one layer cannot hide.
      const random = seededRandom(9, "direction");
      const direction = names.map((name) => {
        const gradient = toFloat32(found[made.gradients.get(name)!]!);
        expect(gradient.length, name).toBe(parameters[name]!.data.length);
        const norm = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
        const share = (0.5 + random.next()) / Math.max(norm, 1e-12);
        return { name, gradient, share, slope: share * norm ** 2 };
      });
      const expected = direction.reduce((sum, d) => sum + d.slope, 0);
      const at = async (step: number): Promise<number> => {
        const moved = direction.map(({ name, gradient, share }): [string, NdArray] => {
          const data = toFloat32(parameters[name]!).map((w, i) => w + step * share * gradient[i]!);
          return [name, float32(parameters[name]!.dims, data)];
        });
        return lossOf(session, { ...feeds, ...Object.fromEntries(moved) });
      };
      // Smaller and smaller steps, since between two points of a net there are kinks; rounding limits them to 1e-5.
      const errors: number[] = [];
      for (const step of [1e-3, 1e-4, 3e-5, 1e-5]) {
        const slope = ((await at(step)) - (await at(-step))) / (2 * step);
        errors.push(Math.abs(slope / expected - 1));
        if (errors.at(-1)! < TOLERANCE) break;
      }
      expect(errors.at(-1), errors.join()).toBeLessThan(TOLERANCE);
    } finally {
      await session.close();
    }
  },
);

async function lossOf(session: Session, feeds: Arrays): Promise<number> {
  const { loss } = await session.run(feeds);
  return Number(loss!.data[0]);
}
