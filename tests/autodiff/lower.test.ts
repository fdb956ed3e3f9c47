import { describe, expect, it } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { seededRandom } from "../../core/base/random.ts";
import { lowerForCpu } from "../../core/autodiff/lower/cpu.ts";
import { cpuRules } from "../../core/autodiff/lower/rules.ts";
import { intsOf } from "../../core/graph/attributes.ts";
import { floatTensor, graph, model, node, value } from "../../core/graph/build.ts";
import type { Model, Node, Tensor } from "../../core/graph/model.ts";
import { findBlock } from "../../core/runtime/blocks.ts";
import { buildStep, type StepGraph } from "../../core/train/stepGraph.ts";
import { startTrainer } from "../../core/train/trainer.ts";
import { findNet } from "../../core/zoo/catalogue.ts";

const BATCH = 32;
const block = (await findBlock())!;

const plan = { heads: [{ loss: { kind: "cross-entropy" } }], optimizer: { kind: "sgd", momentum: 0.9 } } as never;

const plainStep = (net: Model): Promise<StepGraph> => buildStep(net, plan, { host: nodeHost });
const loweredStep = (net: Model, batch = BATCH): Promise<StepGraph> =>
  buildStep(net, plan, {
    host: nodeHost,
    lowering: {
      rules: cpuRules({ batch, block }),
      lower: (m, facts) => lowerForCpu(m, { batch, block, facts }),
    },
  });

/** State after two steps: weights, momenta (the gradients, in the first step), running statistics. */
async function trained(step: StepGraph, net: Model, batch = BATCH): Promise<ReadonlyMap<string, Float32Array>> {
  const random = seededRandom(3, "data");
  const input = net.graph.inputs[0]!;
  const sizes = input.type?.kind === "tensor" ? (input.type.dims ?? []).slice(1).map((d) => d.size as number) : [];
  const dims = [batch, ...sizes];
  const data = Float32Array.from({ length: dims.reduce((all, d) => all * d, 1) }, () => random.normal());
  const classes = BigInt64Array.from({ length: batch }, () => BigInt(Math.floor(random.next() * 4)));
  const trainer = await startTrainer(step, { host: nodeHost });
  try {
    const feeds = {
      [input.name]: { type: "float32" as const, dims, data },
      [step.heads[0]!.target]: { type: "int64" as const, dims: [batch], data: classes },
    };
    for (let i = 1; i <= 2; i++) await trainer.step(feeds, { rate: 0.01, step: i });
    return new Map([...trainer.state()].map(([key, array]) => [key, Float32Array.from(array.data as Float32Array)]));
  } finally {
    await trainer.close();
  }
}

/** ‖a − b‖ / ‖a‖ of the state that differs most. Gradients that are zero but for rounding count as 0.01. */
function worst(a: ReadonlyMap<string, Float32Array>, b: ReadonlyMap<string, Float32Array>): number {
  expect([...b.keys()]).toEqual([...a.keys()]);
  return Math.max(
    ...[...a].map(([key, values]) => {
      const others = b.get(key)!;
      const difference = values.reduce((sum, x, i) => sum + (x - others[i]!) ** 2, 0);
      const size = values.reduce((sum, x) => sum + x * x, 0);
      return Math.sqrt(difference / Math.max(size, 1e-4));
    }),
  );
}

/** Where an activation has a kink, rounding decides on which side a value is: in a whole net some are as near. */
const KINKS = 2e-2;

async function expectSame(net: Model, tolerance = 1e-4, batch = BATCH): Promise<void> {
  const [plain, lowered] = [await plainStep(net), await loweredStep(net, batch)];
  expect(worst(await trained(plain, net, batch), await trained(lowered, net, batch))).toBeLessThan(tolerance);
}

interface Layer {
  readonly channels: number;
  readonly kernel: readonly [number, number];
  readonly strides?: readonly [number, number];
  readonly pads?: readonly [number, number, number, number];
  readonly group?: number;
  readonly bias?: true;
  /** Op after the normalisation; default Relu. "Swish" is written with Sigmoid and Mul. */
  readonly activation?: readonly [op: string] | "none";
  readonly norm?: false;
  /** Adds the layer's input to what it makes. */
  readonly skip?: true;
}

/** Layers one after another, global average pooling, and a dense layer with four classes. */
function netOf(layers: readonly Layer[], [inputs, height, width]: readonly [number, number, number]): Model {
  const random = seededRandom(7, "weights");
  const nodes: Node[] = [];
  const constants: Tensor[] = [];
  const weight = (name: string, dims: readonly number[], scale: number): string => {
    const data = Float32Array.from({ length: dims.reduce((a, d) => a * d, 1) }, () => random.normal() * scale);
    constants.push(floatTensor(name, dims, data));
    return name;
  };
  const filled = (name: string, size: number, x: number): string => {
    constants.push(
      floatTensor(
        name,
        [size],
        Float32Array.from({ length: size }, () => x + 0.1 * random.normal()),
      ),
    );
    return name;
  };
  constants.push(floatTensor("low", [], [0]), floatTensor("high", [], [1.5]));
  let [x, c] = ["image", inputs];
  for (const [i, layer] of layers.entries()) {
    const { channels, kernel, strides = [1, 1], pads = [0, 0, 0, 0], group = 1 } = layer;
    const dims = [channels, c / group, ...kernel];
    const given = [x, weight(`w${i}`, dims, Math.sqrt(2 / (dims[1]! * kernel[0] * kernel[1])))];
    if (layer.bias === true) given.push(filled(`b${i}`, channels, 0));
    nodes.push(node("Conv", [given, [`conv${i}`]], { attributes: { kernel_shape: kernel, strides, pads, group } }));
    let y = `conv${i}`;
    if (layer.norm !== false) {
      const own = [1, 0, 0, 1].map((at, part) => filled(`norm${i}.${part}`, channels, at));
      nodes.push(node("BatchNormalization", [[y, ...own], [`norm${i}`]]));
      y = `norm${i}`;
    }
    if (layer.skip === true) {
      nodes.push(node("Add", [[y, x], [`sum${i}`]]));
      y = `sum${i}`;
    }
    if (layer.activation !== "none") {
      const [op] = layer.activation ?? ["Relu"];
      if (op === "Swish") {
        nodes.push(node("Sigmoid", [[y], [`sigmoid${i}`]]), node("Mul", [[y, `sigmoid${i}`], [`act${i}`]]));
      } else nodes.push(node(op, [op === "Clip" ? [y, "low", "high"] : [y], [`act${i}`]]));
      y = `act${i}`;
    }
    [x, c] = [y, channels];
  }
  nodes.push(
    node("GlobalAveragePool", [[x], ["pool"]]),
    node("Flatten", [["pool"], ["flat"]]),
    node("Gemm", [["flat", weight("head.w", [c, 4], 0.3), filled("head.b", 4, 0)], ["logits"]]),
  );
  return model(
    graph({
      inputs: [value("image", "float32", ["batch", inputs, height, width])],
      outputs: [value("logits", "float32", ["batch", 4])],
      nodes,
      initializers: constants,
    }),
  );
}

const same3 = { kernel: [3, 3], pads: [1, 1, 1, 1] } as const;
const first: Layer = { channels: 16, ...same3 };

describe("lowering for the CPU", () => {
  it.each<[string, readonly Layer[], readonly [number, number, number]]>([
    ["3×3 with many and few input channels", [first, { channels: 32, ...same3 }], [3, 8, 6]],
    ["stride 2 in 3×3", [first, { channels: 32, ...same3, strides: [2, 2] }, first], [3, 8, 12]],
    ["a stride in one direction", [first, { channels: 16, ...same3, strides: [2, 1] }, first], [3, 8, 6]],
    [
      "1×1, with and without a stride",
      [first, { channels: 32, kernel: [1, 1] }, { channels: 48, kernel: [1, 1], strides: [2, 2] }],
      [3, 8, 8],
    ],
    [
      "depthwise 3×3 and 5×5",
      [first, { ...first, group: 16 }, { channels: 16, kernel: [5, 5], pads: [2, 2, 2, 2], group: 16 }],
      [3, 9, 8],
    ],
    [
      "depthwise with stride 2",
      [first, { ...first, group: 16, strides: [2, 2] }, { channels: 32, kernel: [1, 1] }],
      [1, 8, 8],
    ],
    ["uneven pads and kernels", [first, { channels: 16, kernel: [2, 3], pads: [1, 0, 0, 2] }], [3, 7, 8]],
    ["an even kernel with its stride", [first, { channels: 32, kernel: [2, 2], strides: [2, 2] }], [3, 8, 8]],
    ["no pads", [first, { channels: 32, kernel: [3, 3] }], [20, 8, 8]],
    [
      "biases without normalisation",
      [
        { ...first, bias: true, norm: false },
        { ...first, bias: true, norm: false },
      ],
      [3, 6, 6],
    ],
    ["residual sums", [first, { ...first, skip: true }, { ...first, skip: true }], [3, 8, 8]],
    [
      "sums without an activation",
      [first, { ...first, skip: true, activation: "none" }, { ...first, skip: true }],
      [3, 8, 8],
    ],
    ["a first layer that fills blocks", [first, first], [16, 8, 8]],
    [
      "channels that fill no blocks",
      [
        { ...first, channels: 20 },
        { ...first, channels: 24 },
      ],
      [3, 8, 8],
    ],
    [
      "channels that fill blocks in part",
      [
        { ...first, channels: 20 },
        { channels: 24, kernel: [1, 1], activation: "none" },
        { ...first, channels: 24, group: 24, skip: true },
        { channels: 40, ...same3, strides: [2, 2] },
      ],
      [3, 8, 8],
    ],
    [
      "Clip and HardSwish",
      [
        { ...first, activation: ["Clip"] },
        { ...first, activation: ["HardSwish"], skip: true },
        { ...first, channels: 20, activation: ["HardSwish"] },
        { ...first, activation: ["Clip"] },
      ],
      [3, 8, 8],
    ],
    [
      "x·sigmoid(x)",
      [{ ...first, activation: ["Swish"] }, { ...first, channels: 20, activation: ["Swish"] }, first],
      [3, 8, 8],
    ],
    [
      "one pixel",
      [
        { channels: 16, kernel: [1, 1], bias: true, norm: false },
        { channels: 12, kernel: [1, 1] },
      ],
      [20, 1, 1],
    ],
    [
      "pictures of many pixels",
      [first, { channels: 32, ...same3 }, { channels: 16, kernel: [3, 3], strides: [1, 2], pads: [1, 1, 1, 0] }],
      [3, 16, 32],
    ],
    ["strides that leave a rest", [first, { channels: 16, ...same3, strides: [2, 2] }], [3, 7, 9]],
  ])("trains the same: %s", async (_, layers, input) => {
    await expectSame(netOf(layers, input));
  });

  it.each(["resnet8", "ds-cnn-s"])("trains the same: %s of the zoo", async (id) => {
    await expectSame(findNet(id).build({ seed: 1, params: id.startsWith("resnet") ? { shortcut: "B" } : {} }), KINKS);
  });

  it("trains the same: shortcuts without weights", async () => {
    await expectSame(findNet("resnet8").build({ seed: 1 }), KINKS);
  });

  it("trains the same: gates", async () => {
    const net = findNet("mobilenetv3-small").build({ seed: 1, classes: 4, input: [3, 64, 64], params: { depth: 0.1 } });
    await expectSame(net, KINKS, 16);
  });

  it("trains the same: attention, whose products read transposed factors", async () => {
    const params = { patch: 4, depth: 0.17 };
    const net = findNet("vit-tiny").build({ seed: 1, classes: 4, input: [3, 8, 8], params });
    await expectSame(net, 1e-3, 16);
    const { batch } = await loweredStep(net, 16);
    const { nodes } = batch.model.graph;
    expect(nodes.some((n) => n.op === "FusedMatMul")).toBe(true);
    // The runtime makes one of two transpositions; a single one would move number by number.
    const producer = new Map(nodes.flatMap((n) => n.outputs.map((o) => [o, n] as const)));
    const slow = nodes
      .filter((n) => n.op === "MatMul" || n.op === "FusedMatMul")
      .flatMap((n) => n.inputs.map((name) => producer.get(name)))
      .filter((n) => n?.op === "Transpose" && producer.get(n.inputs[0] ?? "")?.op !== "Transpose")
      .map((n) => intsOf(n!, "perm") ?? [])
      .filter((perm) => perm.at(-1) !== perm.length - 1);
    expect(slow).toEqual([]);
  });

  it("leaves no convolution of a residual net in plain layout", async () => {
    const net = findNet("resnet8").build({ seed: 1, params: { shortcut: "B" } });
    const { batch } = await loweredStep(net);
    const domains = batch.model.graph.nodes.filter((n) => n.op === "Conv").map((n) => n.domain);
    expect(new Set(domains)).toEqual(new Set(["com.microsoft.nchwc"]));
    expect(batch.model.graph.nodes.some((n) => n.domain === "lathe.lower")).toBe(false);
  });

  it("trains the same where a batch does not fill blocks", async () => {
    const net = netOf([first, first], [3, 8, 8]);
    await expectSame(net, 1e-4, 10);
  });

  it("gives the same bytes twice", async () => {
    const net = netOf([first, { ...first, skip: true }], [3, 8, 8]);
    const [a, b] = [await trained(await loweredStep(net), net), await trained(await loweredStep(net), net)];
    expect(worst(a, b)).toBe(0);
  });
});
