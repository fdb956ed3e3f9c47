import { describe, expect, it } from "vitest";
import type { NetRequest } from "../../core/zoo/define.ts";
import { findNet, ZOO } from "../../core/zoo/catalogue.ts";
import { countNet } from "../../core/zoo/count.ts";

interface Published {
  readonly net: string;
  /** Exactly, where that is published. */
  readonly parameters: number;
  /** Millions of multiply–accumulates. */
  readonly macs: number;
  /** Relative tolerance of `macs`: half a unit of the last published digit, or what the note says. */
  readonly within: number;
}

const row = (net: string, parameters: number, [macs, within]: readonly [number, number]): Published => ({
  net,
  parameters,
  macs,
  within,
});

/** num_params and GFLOPS of the torchvision model pages (its GFLOPS are multiply–accumulates). */
const TORCHVISION = [
  row("resnet18", 11_689_512, [1810, 0.003]),
  row("resnet34", 21_797_672, [3660, 0.003]),
  row("resnet50", 25_557_032, [4090, 0.003]),
  row("resnet101", 44_549_160, [7800, 0.003]),
  row("mobilenetv2", 3_504_872, [300, 0.02]),
  row("mobilenetv3-small", 2_542_856, [56, 0.02]),
  row("mobilenetv3-large", 5_483_032, [219, 0.02]),
  row("efficientnet-b0", 5_288_548, [390, 0.02]),
  row("efficientnet-b1", 7_794_184, [690, 0.01]),
  // At 260 pixels the paper counts 1.0 billion; torchvision evaluates at 288.
  row("efficientnet-b2", 9_109_994, [1000, 0.05]),
  row("efficientnet-b3", 12_233_232, [1830, 0.003]),
  row("efficientnet-b4", 19_341_616, [4390, 0.003]),
  row("squeezenet1.0", 1_248_424, [820, 0.01]),
  row("squeezenet1.1", 1_235_496, [350, 0.01]),
  row("shufflenetv2-0.5", 1_366_792, [40, 0.02]),
  row("shufflenetv2-1.0", 2_278_604, [145, 0.01]),
  row("shufflenetv2-1.5", 3_503_624, [300, 0.02]),
  row("shufflenetv2-2.0", 7_393_996, [580, 0.01]),
  row("vgg11-bn", 132_868_840, [7610, 0.001]),
  row("vgg13-bn", 133_053_736, [11_310, 0.001]),
  row("vgg16-bn", 138_365_992, [15_470, 0.001]),
  row("vgg19-bn", 143_678_248, [19_630, 0.001]),
];

/** param_count and gmacs of timm's result tables. */
const TIMM = [
  row("resnetrs50", 35_691_912, [2290, 0.006]),
  row("vit-tiny", 5_717_416, [1260, 0.006]),
  row("vit-small", 22_050_664, [4610, 0.006]),
  row("deit-tiny", 5_910_800, [1270, 0.008]),
  row("deit-small", 22_436_432, [4630, 0.006]),
];

/**
 * Parameters of timm, millions of Google's table for EfficientNet-Lite. Google also counts normalisations,
 * activations and additions, between three and six per cent of the whole.
 */
const LITE = [
  row("efficientnet-lite0", 4_652_008, [407, 0.06]),
  row("efficientnet-lite1", 5_416_680, [631, 0.06]),
  row("efficientnet-lite2", 6_092_072, [899, 0.06]),
  row("efficientnet-lite3", 8_197_096, [1440, 0.06]),
  row("efficientnet-lite4", 13_006_568, [2640, 0.06]),
];

describe("parameters and multiply–accumulates are the published ones", () => {
  it.each([
    ...TORCHVISION,
    ...TIMM,
    ...LITE,
    // Trainable parameters of Keras' MobileNet; 569 million of Howard et al. 2017, table 8.
    row("mobilenetv1", 4_231_976, [569, 0.001]),
  ])("$net", ({ net, parameters, macs, within }) => {
    const counts = countNet(findNet(net).describe());
    expect(counts.parameters).toBe(parameters);
    expect(Math.abs(counts.macs / 1e6 / macs - 1)).toBeLessThan(within);
  });

  // He et al. 2016, table 6 (millions).
  it.each([
    [20, 0.27],
    [32, 0.46],
    [44, 0.66],
    [56, 0.85],
    [110, 1.7],
  ])("resnet%i with shortcut A", (layers, millions) => {
    const { parameters } = countNet(findNet(`resnet${layers}`).describe());
    expect(parameters / 1e6).toBeCloseTo(millions, millions < 1 ? 2 : 1);
  });

  // The model table of chenyaofo/pytorch-cifar-models (thousands of parameters, millions of operations).
  it.each([
    [20, 272_474, 40.81],
    [32, 466_906, 69.12],
    [44, 661_338, 97.44],
    [56, 855_770, 125.75],
  ])("resnet%i with shortcut B", (layers, parameters, millions) => {
    const counts = countNet(findNet(`resnet${layers}`).describe({ params: { shortcut: "B" } }));
    expect(counts.parameters).toBe(parameters);
    expect(Math.abs(counts.macs / 1e6 / millions - 1)).toBeLessThan(0.001);
  });

  it("resnet18 for 32×32 pictures, as in kuangliu/pytorch-cifar", () => {
    const net = findNet("resnet18").describe({ input: [3, 32, 32], classes: 10, params: { reduction: 8 } });
    expect(countNet(net).parameters).toBe(11_173_962);
  });

  it.each([
    [0.75, 2_636, 209],
    [1.4, 6_109, 582],
  ])("mobilenetv2 at width %f (Sandler et al. 2018, table 4; thousands as in Keras)", (width, thousands, millions) => {
    const counts = countNet(findNet("mobilenetv2").describe({ params: { width } }));
    expect(counts.parameters / 1e3).toBeCloseTo(thousands, -1);
    expect(Math.abs(counts.macs / 1e6 / millions - 1)).toBeLessThan(0.01);
  });

  // Zhang et al. 2017 count 5.4, 19.8 and 56.9 million operations, two for a multiply–accumulate.
  it.each([
    ["s", 5.4],
    ["m", 19.8],
    ["l", 56.9],
  ])("ds-cnn-%s", (size, millions) => {
    const { macs } = countNet(findNet(`ds-cnn-${size}`).describe());
    expect(Math.abs((2 * macs) / 1e6 / millions - 1)).toBeLessThan(0.02);
  });

  it("ds-cnn-s, as in MLPerf Tiny", () => {
    const net = findNet("ds-cnn-s").describe();
    const state = net.parameters.filter((p) => p.isState).reduce((sum, p) => sum + (p.dims[0] ?? 0), 0);
    // Keras counts the running statistics, and the reference has biases before its nine normalisations.
    expect(countNet(net).parameters + state + 9 * 64).toBe(24_908);
  });

  // Parameters of the published encoders of Turc et al. 2019.
  it.each([
    ["tiny", 128, 4_385_920],
    ["mini", 256, 11_170_560],
    ["small", 512, 28_763_648],
    ["medium", 512, 41_373_184],
  ])("bert-%s", (size, channels, parameters) => {
    const counts = countNet(findNet(`bert-${size}`).describe({ input: [512], classes: 2 }));
    const classifier = 2 * channels + 2;
    const segments = 2 * channels;
    expect(counts.parameters - classifier + segments).toBe(parameters);
  });

  it("unet, as in milesial/Pytorch-UNet", () => {
    expect(countNet(findNet("unet").describe({ input: [3, 64, 64], classes: 1 })).parameters).toBe(31_037_633);
  });

  it.each([
    [1, false],
    [3, false],
    [2, true],
  ])("lstm of %i layers (both directions: %s) by the formula 4h(i + h + 2)", (layers, bidirectional) => {
    const request: NetRequest = { input: [7, 12], classes: 5, params: { layers, bidirectional, hidden: 16 } };
    const directions = bidirectional ? 2 : 1;
    const widths = Array.from({ length: layers }, (_, i) => (i === 0 ? 12 : 16 * directions));
    const expected = widths.reduce((sum, i) => sum + directions * 4 * 16 * (i + 16 + 2), 0);
    const counts = countNet(findNet("lstm").describe(request));
    expect(counts.parameters).toBe(expected + (16 * directions + 1) * 5);
    const steps = widths.reduce((sum, i) => sum + 7 * directions * 4 * 16 * (i + 16), 0);
    expect(counts.macs).toBe(steps + 16 * directions * 5);
  });
});

it("gives every net of the zoo a name of its own", () => {
  const ids = ZOO.map((net) => net.info.id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every((id) => /^[a-z][a-z0-9.-]*$/.test(id))).toBe(true);
});
