import { describe, expect, it } from "vitest";
import { hash } from "../../core/base/hash.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import type { Model, Value } from "../../core/graph/model.ts";
import { findShapes } from "../../core/measure/shapes.ts";
import { randomFeeds } from "../../core/measure/feeds.ts";
import { findWeights } from "../../core/measure/weights.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { withSession } from "../../core/runtime/session.ts";
import { BATCH } from "../../core/zoo/build.ts";
import { findNet, ZOO } from "../../core/zoo/catalogue.ts";
import { countNet } from "../../core/zoo/count.ts";
import { SMALL } from "./small.ts";

describe("small nets", () => {
  it.each(SMALL.map(([id, input, params = {}]) => ({ id, input, params })))(
    "$id at $input $params runs for any batch, with the recorded shapes",
    async ({ id, input, params }) => {
      const model = findNet(id).build({ input, classes: 5, params, seed: 1 });
      expect(declaredShapes(model)).toEqual(await foundShapes(model));
      const weights = [...findWeights(model.graph).values()].reduce((sum, w) => sum + w.parameters, 0);
      expect(weights).toBe(countNet(findNet(id).describe({ input, classes: 5, params })).parameters);
      await withSession(model, { host: nodeHost }, async (session) => {
        expect(session.inputs.map(({ name, dims }) => ({ name, dims }))).toEqual([
          { name: "input", dims: [BATCH, ...input] },
        ]);
        const feeds = randomFeeds(session.inputs, { batch: 3, seed: 1 });
        const { logits } = await session.run(feeds);
        expect(logits?.dims.slice(0, 2)).toEqual([3, 5]);
        const values = logits!.data as Float32Array;
        expect(values.every(Number.isFinite)).toBe(true);
        expect(new Set(values).size).toBeGreaterThan(1);
      });
    },
  );
});

describe("weights", () => {
  it("are the same bytes for the same seed, and others for another", () => {
    const bytes = (seed: number): string => hash(encodeModel(findNet("resnet8").build({ seed })));
    expect(bytes(1)).toBe(bytes(1));
    expect(bytes(1)).not.toBe(bytes(2));
  });

  it("of a layer depend on its name, not on the layers before it", () => {
    const first = (id: string): string => hash(weight(findNet(id).build({ seed: 3 }), "layer1.0.conv1.weight"));
    expect(first("resnet8")).toBe(first("resnet20"));
  });

  it("have the variance of He et al. 2015", () => {
    const bytes = weight(findNet("resnet20").build({ seed: 3 }), "layer3.2.conv2.weight");
    const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
    const variance = values.reduce((sum, v) => sum + v * v, 0) / values.length;
    // 36,864 draws: the relative error of a variance has a deviation of √(2/n) = 0.7 %.
    expect(Math.abs(variance / (2 / (64 * 9)) - 1)).toBeLessThan(0.03);
  });
});

describe("what a net cannot be", () => {
  const refused = (id: string, request: object): string => {
    try {
      findNet(id).describe(request);
    } catch (thrown) {
      return (thrown as Error).message;
    }
    return "";
  };
  it.each<[string, object, string]>([
    ["resnet20", { input: [32, 32] }, 'resnet20 cannot have the input "32x32".'],
    ["resnet20", { input: [3, 0, 32] }, 'resnet20 cannot have the input "3x0x32".'],
    ["resnet20", { classes: 0 }, 'resnet20 cannot have "0" classes.'],
    ["resnet20", { params: { width: -1 } }, "resnet20: width: Too small: expected number to be >=0.05."],
    ["resnet20", { params: { wide: 1 } }, 'resnet20: parameters: Unrecognized key: "wide".'],
    ["squeezenet1.0", { input: [3, 4, 4] }, '"stem" has a window of 7×7 and gets only "4×4".'],
    ["unet", { input: [1, 40, 40] }, 'unet cannot halve "40×40" evenly so often.'],
    ["vit-tiny", { input: [3, 40, 40] }, 'Patches of "16" do not tile 40×40.'],
  ])("%s %o", (id, request, message) => {
    expect(refused(id, request)).toBe(message);
  });

  it("names the nets where there is none of a name", () => {
    expect(() => findNet("resnet21")).toThrow('The zoo has no net "resnet21".');
  });
});

it("has every builder among the small nets", () => {
  const family = (id: string): string => id.replace(/[0-9.-].*$/, "");
  const run = new Set(SMALL.map(([id]) => family(id)));
  expect(ZOO.map((net) => net.info.id).filter((id) => !run.has(family(id)))).toEqual([]);
});

function weight(model: Model, name: string): Uint8Array {
  const found = model.graph.initializers.find((t) => t.name === name);
  if (found?.data.kind !== "bytes") throw new Error(`no weight ${name}`);
  return found.data.bytes;
}

type Shapes = Record<string, { readonly type: string; readonly dims: readonly (number | string)[] }>;

function declaredShapes({ graph }: Model): Shapes {
  const entry = ({ name, type }: Value): [string, Shapes[string]] => {
    if (type?.kind !== "tensor") throw new Error(`${name} has no type`);
    return [name, { type: type.type, dims: (type.dims ?? []).map((d) => d.size ?? "?") }];
  };
  return Object.fromEntries([...graph.inputs, ...graph.outputs, ...graph.values].map(entry));
}

async function foundShapes(model: Model): Promise<Shapes> {
  const { values } = await findShapes(model, { host: nodeHost });
  const constants = new Set(model.graph.initializers.map((t) => t.name));
  const inner = [...values].filter(([name]) => !constants.has(name));
  return Object.fromEntries(inner.map(([name, { type, dims }]) => [name, { type, dims }]));
}
