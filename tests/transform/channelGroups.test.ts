import { describe, expect, it } from "vitest";
import { floatTensor, intTensor } from "../../core/graph/build.ts";
import { printGroup } from "../../core/transform/channels/explain.ts";
import { conv, net, op, weight, type Net } from "./fixtures.ts";
import { comparePruned, randomChoice, subjectOf, type Subject } from "./channelNets.ts";

const explained = (subject: Subject): string => subject.found.groups.map(printGroup).join("\n");

const names = (subject: Subject): readonly string[] =>
  subject.found.groups.map(
    ({ name, units, keptBecause, shiftedBecause }) =>
      `${name} ${units.length}${keptBecause === undefined ? "" : " stays"}${shiftedBecause === undefined ? "" : " shifts"}`,
  );

/** What is left after the body: pooled, flattened, classified. */
const head = (input: string, channels: number): Pick<Net, "nodes" | "constants"> => ({
  nodes: [
    op("GlobalAveragePool", [input], "pooled"),
    op("Flatten", ["pooled"], "flat"),
    op("Gemm", ["flat", "wh", "bh"], "y"),
  ],
  constants: [weight("wh", [channels, 5], 90), weight("bh", [5], 91)],
});

const vectors = (prefix: string, size: number): NonNullable<Net["constants"]> => [
  ...["s", "b", "m"].map((name, i) => weight(`${prefix}.${name}`, [size], 70 + i)),
  floatTensor(`${prefix}.v`, [size], new Float32Array(size).fill(1.5)),
];

const norm = (prefix: string, input: string, output: string): ReturnType<typeof op> =>
  op("BatchNormalization", [input, ...["s", "b", "m", "v"].map((v) => `${prefix}.${v}`)], output);

interface Case {
  readonly name: string;
  readonly net: Net;
  /** Groups in order. */
  readonly groups: readonly string[];
}

const withHead = (body: Net, output: string, channels: number): Net => {
  const tail = head(output, channels);
  return {
    ...body,
    nodes: [...body.nodes, ...tail.nodes],
    constants: [...(body.constants ?? []), ...(tail.constants ?? [])],
  };
};

const CASES: readonly Case[] = [
  {
    name: "residual additions tie the layers that are added",
    net: withHead(
      {
        nodes: [
          conv(["x", "w1"], "c1"),
          norm("n", "c1", "n1"),
          op("Relu", ["n1"], "r1"),
          conv(["r1", "w2", "b2"], "c2"),
          conv(["c2", "w3"], "c3"),
          op("Add", ["c3", "r1"], "a"),
        ],
        constants: [
          weight("w1", [8, 3, 3, 3]),
          ...vectors("n", 8),
          weight("w2", [6, 8, 3, 3], 2),
          weight("b2", [6], 3),
          weight("w3", [8, 6, 3, 3], 4),
        ],
      },
      "a",
      8,
    ),
    groups: ["c1 8", "c2 6", "y 5 stays"],
  },
  {
    name: "concats put groups side by side, splits cut through them",
    net: withHead(
      {
        nodes: [
          conv(["x", "w1"], "c1"),
          conv(["x", "w2"], "c2"),
          op("Concat", ["c1", "c2"], "cat", { attributes: { axis: 1 } }),
          { ...op("Split", ["cat", "parts"], "p1", { attributes: { axis: 1 } }), outputs: ["p1", "p2"] },
          conv(["p1", "w3"], "c3"),
          conv(["p2", "w4"], "c4"),
          op("Add", ["c3", "c4"], "a"),
        ],
        constants: [
          weight("w1", [4, 3, 3, 3]),
          weight("w2", [8, 3, 3, 3], 2),
          intTensor("parts", [2], [6, 6]),
          weight("w3", [8, 6, 3, 3], 3),
          weight("w4", [8, 6, 3, 3], 4),
        ],
      },
      "a",
      8,
    ),
    groups: ["c1 4", "c2 2", "c2 #2 6", "c3 8", "y 5 stays"],
  },
  {
    name: "a depthwise convolution keeps its channels, with more than one output each",
    net: withHead(
      {
        nodes: [
          conv(["x", "w1"], "c1"),
          conv(["c1", "w2", "b2"], "c2", { group: 6 }),
          conv(["c2", "w3"], "c3", { group: 6 }),
          conv(["c3", "w4"], "c4"),
        ],
        constants: [
          weight("w1", [6, 3, 3, 3]),
          weight("w2", [6, 1, 3, 3], 2),
          weight("b2", [6], 3),
          weight("w3", [12, 1, 3, 3], 4),
          weight("w4", [8, 12, 3, 3], 5),
        ],
      },
      "c4",
      8,
    ),
    groups: ["c1 6", "c3 2", "c4 8", "y 5 stays"],
  },
  {
    name: "a grouped convolution loses whole groups, or the same channel of each",
    net: withHead(
      {
        nodes: [
          conv(["x", "w1"], "c1"),
          conv(["c1", "w2", "b2"], "c2", { group: 3 }),
          op("Relu", ["c2"], "r"),
          conv(["r", "w3"], "c3"),
        ],
        constants: [
          weight("w1", [12, 3, 3, 3]),
          weight("w2", [6, 4, 3, 3], 2),
          weight("b2", [6], 3),
          weight("w3", [8, 6, 3, 3], 4),
        ],
      },
      "c3",
      8,
    ),
    groups: ["c1 3", "c1 #2 4", "c2 2", "c3 8", "y 5 stays"],
  },
  {
    name: "a transposed convolution, also a grouped one",
    net: withHead(
      {
        nodes: [
          conv(["x", "w1"], "c1"),
          op("ConvTranspose", ["c1", "w2", "b2"], "t1", { attributes: { strides: [2, 2] } }),
          op("ConvTranspose", ["t1", "w3"], "t2", { attributes: { group: 2 } }),
          conv(["t2", "w4"], "c4"),
        ],
        constants: [
          weight("w1", [6, 3, 3, 3]),
          weight("w2", [6, 8, 2, 2], 2),
          weight("b2", [8], 3),
          weight("w3", [8, 3, 2, 2], 4),
          weight("w4", [4, 6, 3, 3], 5),
        ],
      },
      "c4",
      4,
    ),
    groups: ["c1 6", "t1 2", "t1 #2 4", "t2 3", "c4 4", "y 5 stays"],
  },
  {
    name: "flattening makes several inputs of one channel",
    net: {
      nodes: [
        conv(["x", "w1"], "c1", { strides: [4, 4] }),
        op("Flatten", ["c1"], "f"),
        op("Gemm", ["f", "w2", "b2"], "h", { attributes: { transB: 1 } }),
        op("Reshape", ["h", "to"], "i"),
        op("Reshape", ["i", "back"], "j"),
        op("MatMul", ["j", "w3"], "y"),
      ],
      constants: [
        weight("w1", [6, 3, 3, 3]),
        weight("w2", [12, 24], 2),
        weight("b2", [12], 3),
        intTensor("to", [4], [0, 3, 2, 2]),
        intTensor("back", [2], [-1, 12]),
        weight("w3", [12, 4], 4),
      ],
    },
    groups: ["c1 6", "h 3", "h #2 2", "h #3 2", "y 4 stays"],
  },
  {
    name: "squeeze and excitation gates the channels that it reads",
    net: withHead(
      {
        nodes: [
          conv(["x", "w1"], "c1"),
          op("ReduceMean", ["c1"], "m", { attributes: { axes: [2, 3] } }),
          op("Conv", ["m", "w2", "b2"], "s1"),
          op("Relu", ["s1"], "s2"),
          op("Conv", ["s2", "w3"], "s3"),
          op("HardSigmoid", ["s3"], "g"),
          op("Mul", ["c1", "g"], "e"),
        ],
        constants: [
          weight("w1", [8, 3, 3, 3]),
          weight("w2", [4, 8, 1, 1], 2),
          weight("b2", [4], 3),
          weight("w3", [8, 4, 1, 1], 4),
        ],
      },
      "e",
      8,
    ),
    groups: ["c1 8", "s1 4", "y 5 stays"],
  },
  {
    name: "padded shortcuts give the added channels a group of their own",
    net: withHead(
      {
        nodes: [
          conv(["x", "w1"], "c1"),
          conv(["c1", "w2"], "c2"),
          op("Pad", ["c1", "pads"], "p"),
          op("Add", ["c2", "p"], "a"),
        ],
        constants: [
          weight("w1", [4, 3, 3, 3]),
          weight("w2", [8, 4, 3, 3], 2),
          intTensor("pads", [8], [0, 1, 0, 0, 0, 3, 0, 0]),
        ],
      },
      "a",
      8,
    ),
    groups: ["c1 4", "c2 4", "y 5 stays"],
  },
  {
    name: "pixels made of channels tie all channels of a pixel block",
    net: withHead(
      {
        nodes: [
          conv(["x", "w1"], "c1"),
          op("DepthToSpace", ["c1"], "d", { attributes: { blocksize: 2 } }),
          conv(["d", "w2"], "c2"),
          op("SpaceToDepth", ["c2"], "s", { attributes: { blocksize: 2 } }),
          conv(["s", "w3"], "c3"),
        ],
        constants: [weight("w1", [12, 3, 3, 3]), weight("w2", [4, 3, 3, 3], 2), weight("w3", [8, 16, 3, 3], 3)],
      },
      "c3",
      8,
    ),
    groups: ["c1 3", "c2 4", "c3 8", "y 5 stays"],
  },
  {
    name: "slices, picked channels and resampling",
    net: withHead(
      {
        nodes: [
          conv(["x", "w1"], "c1"),
          op("Slice", ["c1", "from", "until", "axis"], "s"),
          op("Gather", ["c1", "picks"], "g", { attributes: { axis: 1 } }),
          op("Concat", ["s", "g"], "cat", { attributes: { axis: 1 } }),
          op("Resize", ["cat", "", "", "sizes"], "z", { attributes: { mode: "nearest" } }),
          op("Transpose", ["z"], "t", { attributes: { perm: [0, 2, 3, 1] } }),
          op("MatMul", ["t", "w2"], "l"),
          op("Transpose", ["l"], "u", { attributes: { perm: [0, 3, 1, 2] } }),
        ],
        constants: [
          weight("w1", [8, 3, 3, 3]),
          intTensor("from", [1], [2]),
          intTensor("until", [1], [6]),
          intTensor("axis", [1], [-3]),
          intTensor("picks", [3], [7, 0, -2]),
          intTensor("sizes", [4], [2, 7, 4, 4]),
          weight("w2", [7, 6], 2),
        ],
      },
      "u",
      6,
    ),
    groups: ["c1 7", "c1 #2 1", "l 6", "y 5 stays"],
  },
  {
    name: "group normalisation shifts within its groups, instance normalisation nowhere",
    net: withHead(
      {
        nodes: [
          conv(["x", "w1"], "c1"),
          op("GroupNormalization", ["c1", "g.s", "g.b"], "g", { attributes: { num_groups: 4 } }),
          conv(["g", "w2"], "c2"),
          op("InstanceNormalization", ["c2", "i.s", "i.b"], "i"),
        ],
        constants: [
          weight("w1", [8, 3, 3, 3]),
          weight("g.s", [8], 2),
          weight("g.b", [8], 3),
          weight("w2", [6, 8, 3, 3], 4),
          weight("i.s", [6], 5),
          weight("i.b", [6], 6),
        ],
        opset: 21,
        parts: { irVersion: 10 },
      },
      "i",
      6,
    ),
    groups: ["c1 4", "c1 #2 2 shifts", "c2 6", "y 5 stays"],
  },
  {
    name: "equations tie what bears the same letter",
    net: {
      input: ["N", 4, 6],
      nodes: [
        op("MatMul", ["x", "w1"], "h"),
        op("Einsum", ["h", "w2"], "e", { attributes: { equation: "nsd,dk->nsk" } }),
        op("MatMul", ["e", "w3"], "y"),
      ],
      constants: [weight("w1", [6, 8]), weight("w2", [8, 5], 2), weight("w3", [5, 3], 3)],
    },
    groups: ["h 8", "e 5", "y 3 stays"],
  },
];

const fused = { domain: "com.microsoft" };

/** x [N, 4, 6] → attention of two heads of 3 → 6 outputs. */
const ATTENTION: readonly Case[] = [
  {
    name: "a fused attention loses heads",
    net: {
      input: ["N", 4, 6],
      nodes: [
        op("Attention", ["x", "w1", "b1"], "a", { ...fused, attributes: { num_heads: 4 } }),
        op("MatMul", ["a", "w2"], "y"),
      ],
      constants: [weight("w1", [6, 36]), weight("b1", [36], 2), weight("w2", [12, 6], 3)],
      parts: { opsets: { "": 17, "com.microsoft": 1 } },
    },
    groups: ["a 4", "y 6 stays"],
  },
  {
    name: "so do several heads with projections of their own",
    net: {
      input: ["N", 4, 6],
      nodes: [
        op("MatMul", ["x", "wq"], "q"),
        op("MatMul", ["x", "wk"], "k"),
        op("MatMul", ["x", "wv"], "v"),
        op("MultiHeadAttention", ["q", "k", "v"], "a", { ...fused, attributes: { num_heads: 4 } }),
        op("MatMul", ["a", "w2"], "y"),
      ],
      constants: [...["wq", "wk", "wv"].map((name, i) => weight(name, [6, 12], i + 1)), weight("w2", [12, 6], 4)],
      parts: { opsets: { "": 17, "com.microsoft": 1 } },
    },
    groups: ["q 4", "y 6 stays"],
  },
  {
    name: "attention written out loses heads, and channels of keys and of values",
    net: {
      input: ["N", 4, 6],
      nodes: [
        ...["q", "k", "v"].flatMap((name) => [
          op("MatMul", ["x", `w${name}`], `${name}1`),
          op("Reshape", [`${name}1`, "heads"], `${name}2`),
          op("Transpose", [`${name}2`], name, { attributes: { perm: name === "k" ? [0, 2, 3, 1] : [0, 2, 1, 3] } }),
        ]),
        op("MatMul", ["q", "k"], "scores"),
        op("Softmax", ["scores"], "p"),
        op("MatMul", ["p", "v"], "mixed"),
        op("Transpose", ["mixed"], "back", { attributes: { perm: [0, 2, 1, 3] } }),
        op("Reshape", ["back", "joined"], "j"),
        op("MatMul", ["j", "w2"], "y"),
      ],
      constants: [
        ...["wq", "wk", "wv"].map((name, i) => weight(name, [6, 12], i + 1)),
        intTensor("heads", [4], [0, 0, 3, 4]),
        intTensor("joined", [3], [0, 0, 12]),
        weight("w2", [12, 6], 4),
      ],
    },
    groups: ["q1 3", "q1 #2 4", "v1 4", "y 6 stays"],
  },
  {
    name: "a recurrent layer loses units in all gates and both directions",
    net: {
      input: ["T", "N", 5],
      nodes: [
        { ...op("LSTM", ["x", "w", "r", "b"], "s", { attributes: { hidden_size: 4, direction: "bidirectional" } }) },
        op("Transpose", ["s"], "t", { attributes: { perm: [0, 2, 1, 3] } }),
        op("Reshape", ["t", "joined"], "j"),
        op("MatMul", ["j", "w2"], "y"),
      ],
      constants: [
        weight("w", [2, 16, 5]),
        weight("r", [2, 16, 4], 2),
        weight("b", [2, 32], 3),
        intTensor("joined", [3], [0, 0, 8]),
        weight("w2", [8, 3], 4),
      ],
    },
    groups: ["s 4", "y 3 stays"],
  },
];

describe("channelGroups", () => {
  it.each([...CASES, ...ATTENTION])("$name", async ({ net: written, groups }) => {
    const subject = await subjectOf(net(written));
    expect(names(subject)).toEqual(groups);
    expect(explained(subject)).toMatchSnapshot();
    const choice = randomChoice(subject, 7);
    const { gap, peak, elements } = await comparePruned(subject, choice);
    expect(elements[1]).toBeLessThan(elements[0]);
    expect(peak).toBeGreaterThan(1e-3);
    expect(gap).toBeLessThanOrEqual(1e-5);
  });

  it("removes each group alone", async () => {
    for (const { net: written } of [...CASES, ...ATTENTION]) {
      const subject = await subjectOf(net(written));
      for (const group of subject.found.groups) {
        const choice = randomChoice(subject, 3, (name) => name === group.name);
        if (choice.size === 0) continue;
        const { gap, elements } = await comparePruned(subject, choice);
        expect(elements[1]).toBeLessThan(elements[0]);
        expect(gap).toBeLessThanOrEqual(1e-5);
      }
    }
  });

  it("says why groups stay", async () => {
    const reasons = await Promise.all(
      [
        [op("Softmax", ["c"], "y", { attributes: { axis: 1 } })],
        [op("ArgMax", ["c"], "a", { attributes: { axis: 1 } }), op("Cast", ["a"], "y", { attributes: { to: 1 } })],
        [op("NonZero", ["c"], "z"), op("Cast", ["z"], "y", { attributes: { to: 1 } })],
        [op("Add", ["c", "x"], "a"), op("GlobalAveragePool", ["a"], "y")],
        [op("CumSum", ["c", "one"], "s"), op("ReduceSum", ["s"], "y", { attributes: { keepdims: 0 } })],
      ].map(async (tail) => {
        const made = net({
          nodes: [conv(["x", "w"], "c"), ...tail],
          constants: [weight("w", [3, 3, 3, 3]), intTensor("one", [], [1])],
        });
        return (await subjectOf(made)).found.groups.map((g) => g.keptBecause);
      }),
    );
    expect(reasons).toMatchInlineSnapshot(`
      [
        [
          "Softmax "y" makes its values add up to one along it",
        ],
        [
          "ArgMax "a" gives positions along it",
        ],
        [
          undefined,
        ],
        [
          "Add "a" meets it with an axis that stays",
        ],
        [
          "CumSum "s" computes along its axes",
        ],
      ]
    `);
  });
});
