import { describe, expect, it } from "vitest";
import { nodeHost as host } from "../../core/app/nodeHost.ts";
import { float32 } from "../../core/base/array.ts";
import { seededRandom } from "../../core/base/random.ts";
import { withSession } from "../../core/runtime/session.ts";
import { buildElastic, constantsOf, subnetModel } from "../../core/zoo/elastic.ts";
import { withConstants } from "../../core/train/trainer.ts";
import type { ElasticSpace } from "../../core/zoo/elasticSpace.ts";
import type { StagedParams } from "../../core/zoo/staged.ts";

const space: ElasticSpace = {
  input: [2, 14, 12],
  classes: 5,
  channels: 8,
  stages: [{ depth: 2 }, { depth: 3 }],
  widths: [0.5, 1, 1.5],
  kernels: [3, 5, 7],
  expansions: [0.5, 1],
};
const random = seededRandom(0, "elastic");
const net = buildElastic(space, 1);
/** Statistics and scales that are not those of an untrained net, so that a wrong slice shows. */
const constants = new Map(
  [...constantsOf(net.model)].map(([name, { dims, data }]) => [
    name,
    float32(
      dims,
      Float32Array.from(data as Float32Array, (x) => Math.abs(x) + 0.1 * random.next()),
    ),
  ]),
);
const elastic = withConstants(net.model, constants);

function drawSubnet(): StagedParams {
  const pick = <T>(values: readonly T[]): T => values[random.integer(values.length)]!;
  const stages = space.stages.map(({ depth }) => ({
    width: pick(space.widths),
    blocks: Array.from({ length: 1 + random.integer(depth) }, () => ({
      op: "residual" as const,
      kernel: pick(space.kernels) as 3,
      expansion: pick(space.expansions),
    })),
  }));
  return { resolution: 1, channels: space.channels, stages };
}

describe("a supernet", () => {
  it("computes what each subnet computes alone", async () => {
    const samples = 4;
    const input = float32(
      [samples, ...space.input],
      Float32Array.from({ length: samples * 2 * 14 * 12 }, () => random.normal()),
    );
    await withSession(elastic, { host }, async (whole) => {
      for (const subnet of [net.largest, ...Array.from({ length: 12 }, drawSubnet)]) {
        const { logits: own } = await whole.run({ input, ...net.bounds(subnet, samples) });
        const alone = subnetModel(space, subnet, net.parts(subnet, constants));
        const { logits } = await withSession(alone, { host }, (session) => session.run({ input }));
        const [a, b] = [own!.data as Float32Array, logits!.data as Float32Array];
        const scale = Math.max(...b.map(Math.abs));
        expect(scale).toBeGreaterThan(0.1);
        expect(Math.max(...a.map((x, i) => Math.abs(x - b[i]!))) / scale).toBeLessThan(1e-5);
      }
    });
  });

  it("has the weights of its largest subnet and no others", () => {
    const parts = net.parts(net.largest, constants);
    const names = [...constants.keys()].filter((name) => !name.startsWith("ints."));
    expect([...parts.keys()].toSorted()).toEqual(names.toSorted());
    for (const [name, part] of parts) expect(part.data).toEqual(constants.get(name)!.data);
  });

  it("takes the middle of the kernels and the first of the channels", () => {
    const subnet: StagedParams = {
      resolution: 1,
      channels: 8,
      stages: space.stages.map(() => ({ width: 0.5, blocks: [{ op: "residual", kernel: 3, expansion: 1 }] })),
    };
    const name = "stage2.block1.first.conv.weight";
    const [part, whole] = [net.parts(subnet, constants).get(name)!, constants.get(name)!];
    expect([part.dims, whole.dims]).toEqual([
      [8, 4, 3, 3],
      [24, 12, 7, 7],
    ]);
    // Output 2, input 1, row 0, column 2 of the middle.
    const at = ((2 * 12 + 1) * 7 + 2) * 7 + 4;
    expect((part.data as Float32Array)[((2 * 4 + 1) * 3 + 0) * 3 + 2]).toBe((whole.data as Float32Array)[at]);
  });

  it("refuses spaces and subnets that are none", () => {
    expect(() => buildElastic({ ...space, kernels: [3, 4] }, 0)).toThrow('A supernet has no kernel "4".');
    expect(() => buildElastic({ ...space, widths: [] }, 0)).toThrow("A supernet needs stages, widths, kernels");
    const wide = { ...net.largest, stages: net.largest.stages.map((s) => ({ ...s, width: 4 })) };
    expect(() => net.parts(wide, constants)).toThrow(/The supernet has no part \[32,8,7,7\] of "stage1/);
  });
});
