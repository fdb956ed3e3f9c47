import { z } from "zod";
import { squeezeExcite } from "./blocks.ts";
import { sizeOf, type Feature } from "./build.ts";
import { defineNet } from "./define.ts";
import {
  add,
  averagePool,
  batchNorm,
  conv,
  dense,
  flatten,
  globalPool,
  maxPool,
  relu,
  sigmoid,
  type Pads,
} from "./layers.ts";
import { depth, inEights, reduction, repeats, scaled, strides, width } from "./params.ts";

const params = z.strictObject({ width, depth, reduction });

interface Design {
  /** Blocks of the four stages. */
  readonly blocks: readonly number[];
  /** Blocks of three layers with four times the channels at their end. */
  readonly bottleneck: boolean;
  /** The changes of ResNet-D and ResNet-RS. */
  readonly revised: boolean;
}

/** Blocks per stage (He et al. 2016, arXiv 1512.03385, table 1). */
const DESIGNS: Readonly<Record<string, Design>> = {
  resnet18: { blocks: [2, 2, 2, 2], bottleneck: false, revised: false },
  resnet34: { blocks: [3, 4, 6, 3], bottleneck: false, revised: false },
  resnet50: { blocks: [3, 4, 6, 3], bottleneck: true, revised: false },
  resnet101: { blocks: [3, 4, 23, 3], bottleneck: true, revised: false },
  resnetrs50: { blocks: [3, 4, 6, 3], bottleneck: true, revised: true },
};

const PLAIN =
  "He et al. 2016, Deep Residual Learning for Image Recognition, arXiv 1512.03385, table 1; stride in the 3×3 layer";
const REVISED =
  "Bello et al. 2021, Revisiting ResNets: Improved Training and Scaling Strategies, arXiv 2103.07579, figure 6";

/**
 * The residual nets for ImageNet. As in the usual reference code, a bottleneck halves the size in its 3×3 layer.
 * ResNet-RS: a stem of 3×3 layers, no pooling, averages before strided shortcuts, squeeze–excite.
 */
export const resNets = Object.entries(DESIGNS).map(([id, design]) =>
  defineNet({
    id,
    title: design.revised ? "ResNet-RS-50" : `ResNet-${id.slice(6)}`,
    source: design.revised ? REVISED : PLAIN,
    input: design.revised ? [3, 160, 160] : [3, 224, 224],
    classes: 1000,
    params,
    build: (input, { classes, width, depth, reduction }) => {
      const next = strides(reduction);
      const base = scaled(64, width);
      let x = design.revised ? revisedStem(input, base, next) : stem(input, base, next);
      for (const [stage, blocks] of design.blocks.entries()) {
        const first = stage === 0 ? 1 : next(2);
        for (let i = 0; i < repeats(blocks, depth); i++) {
          const parts = { channels: base * 2 ** stage, stride: i === 0 ? first : 1, design };
          x = block(x, `layer${stage + 1}.${i}`, parts);
        }
      }
      return dense(flatten(globalPool(x)), "fc", { units: classes });
    },
  }),
);

/** Without its stride, the 7×7 layer becomes a 3×3 one, as nets for small pictures have it. */
function stem(input: Feature, channels: number, next: (stride: number) => number): Feature {
  const stride = next(2);
  const x = relu(batchNorm(conv(input, "conv1", { channels, kernel: stride === 2 ? 7 : 3, stride }), "bn1"));
  return next(2) === 2 ? maxPool(x, "maxpool", { kernel: 3, stride: 2, pads: AROUND }) : x;
}

const AROUND: Pads = [1, 1, 1, 1];

function revisedStem(input: Feature, base: number, next: (stride: number) => number): Feature {
  let x = input;
  for (const [i, channels] of [base / 2, base / 2, base, base].entries()) {
    const stride = i === 0 || i === 3 ? next(2) : 1;
    x = conv(x, `stem.conv${i + 1}`, { channels: Math.ceil(channels), kernel: 3, stride });
    x = relu(batchNorm(x, `stem.bn${i + 1}`));
  }
  return x;
}

interface BlockParts {
  /** Before the factor 4 of a bottleneck. */
  readonly channels: number;
  readonly stride: number;
  readonly design: Design;
}

function block(x: Feature, name: string, { channels, stride, design }: BlockParts): Feature {
  const { bottleneck, revised } = design;
  const out = bottleneck ? 4 * channels : channels;
  // Channels, kernel and stride of each layer.
  const layers = bottleneck
    ? ([
        [channels, 1, 1],
        [channels, 3, stride],
        [out, 1, 1],
      ] as const)
    : ([
        [channels, 3, stride],
        [channels, 3, 1],
      ] as const);
  let y = x;
  for (const [i, [channels, kernel, stride]] of layers.entries()) {
    if (i > 0) y = relu(y);
    y = batchNorm(conv(y, `${name}.conv${i + 1}`, { channels, kernel, stride }), `${name}.bn${i + 1}`);
  }
  if (revised) {
    y = squeezeExcite(y, `${name}.se`, { channels: inEights(out / 4), activation: relu, gate: sigmoid });
  }
  return relu(add(y, shortcut(x, `${name}.downsample`, { channels: out, stride, design })));
}

function shortcut(x: Feature, name: string, { channels, stride, design }: BlockParts): Feature {
  if (stride === 1 && sizeOf(x, 1) === channels) return x;
  const isPooled = design.revised && stride > 1;
  // An odd side keeps its last row: the window may end outside.
  const pads: Pads = [0, 0, sizeOf(x, 2) % 2, sizeOf(x, 3) % 2];
  const from = isPooled ? averagePool(x, `${name}.pool`, { kernel: 2, pads }) : x;
  return batchNorm(conv(from, `${name}.0`, { channels, stride: isPooled ? 1 : stride }), `${name}.1`);
}
