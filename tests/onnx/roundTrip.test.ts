import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { expect, test } from "vitest";
import { ELEMENT_TYPES, type ElementType } from "../../core/base/elementType.ts";
import { floatTensor, graph, intTensor, model, node, tensor, tensorArray, value } from "../../core/graph/build.ts";
import type { Attribute, Model, Tensor, UnknownField, ValueType } from "../../core/graph/model.ts";
import { decodeModel } from "../../core/onnx/decode.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { ModelProtoSchema, type TensorProto } from "../../core/onnx/generated/onnx_pb.ts";
import { meaningOf } from "../conformance/wire.ts";

/** A varint field that no version of ONNX has. */
const unknown = (number: number, within?: string): UnknownField => ({
  number,
  wireType: WireType.Varint,
  bytes: Uint8Array.of(0xac, 0x02),
  ...(within !== undefined && { within }),
});

/** Bytes of nested messages that Lathe keeps encoded. */
const encoded = (text: string): Uint8Array => new BinaryWriter().tag(1, WireType.LengthDelimited).string(text).finish();

const type: ValueType = {
  kind: "tensor",
  type: "float32",
  dims: [{ size: "N", denotation: "DATA_BATCH", unknown: [unknown(50)] }, { size: 0 }, {}],
  denotation: "IMAGE",
  unknown: [unknown(51), unknown(52, "value"), unknown(53, "shape")],
};

const sparse = {
  values: floatTensor("sparse", [2], [1, 2]),
  indices: intTensor("", [2], [0, 3]),
  dims: [4],
  unknown: [unknown(60)],
};

const attributes: Record<string, Attribute> = {
  f: { kind: "float", value: Math.fround(0.1), doc: "a float", unknown: [unknown(70)] },
  i: { kind: "int", value: -(2n ** 63n) },
  s: { kind: "string", value: Uint8Array.of(0xff, 0x00) },
  t: { kind: "tensor", value: floatTensor("", [], [1]) },
  g: { kind: "graph", value: graph({ name: "body", inputs: [], outputs: [{ name: "x" }], nodes: [] }) },
  sp: { kind: "sparse-tensor", value: sparse },
  tp: { kind: "type", value: type },
  fs: { kind: "floats", value: [0, -0, Infinity] },
  is: { kind: "ints", value: [1n, -1n] },
  ss: { kind: "strings", value: [Uint8Array.of(1), new Uint8Array()] },
  ts: { kind: "tensors", value: [intTensor("a", [1], [1])] },
  gs: { kind: "graphs", value: [] },
  sps: { kind: "sparse-tensors", value: [sparse] },
  tps: {
    kind: "types",
    value: [
      { kind: "sequence", of: type },
      { kind: "optional", of: { kind: "none" } },
    ],
  },
  none: { kind: "none" },
  "10": { kind: "int", value: 10n },
  "9": { kind: "int", value: 9n },
  ["__proto__"]: { kind: "int", value: 1n },
};
const { none: _none, ...settable } = Object.fromEntries([
  ...Object.entries(attributes),
  ["__proto__", attributes["__proto__"]!],
]);

const everything: Model = model(
  graph({
    name: "main",
    doc: "graph doc",
    metadata: { a: "1", __proto__x: "2" },
    unknown: [unknown(80), unknown(81, 'metadata_props["a"]')],
    inputs: [
      { name: "x", type, doc: "input doc", metadata: { k: "v" }, unknown: [unknown(82)] },
      { name: "seq", type: { kind: "sequence", of: type } },
      { name: "opt", type: { kind: "optional", of: { kind: "sequence", of: type } } },
      { name: "map", type: { kind: "map", key: "int64", of: { kind: "tensor", type: "string" } } },
      { name: "opaque", type: { kind: "opaque", domain: "d", name: "n" } },
      { name: "sparse_in", type: { kind: "sparse-tensor", type: "float64", dims: [] } },
      { name: "untyped" },
    ],
    outputs: [value("y", "float32")],
    values: [value("h", "float16", ["N", 2])],
    initializers: [
      { ...floatTensor("w", [2], [1, 2]), doc: "weight", metadata: { m: "n" }, unknown: [unknown(83)] },
      tensor("texts", { type: "string", dims: [2], data: ["", "ü"] }),
    ],
    sparseInitializers: [sparse],
    annotations: [
      {
        tensor: "w",
        parameters: { SCALE_TENSOR: "s", ZERO_POINT_TENSOR: "z" },
        unknown: [unknown(84), unknown(85, 'quant_parameter_tensor_names["SCALE_TENSOR"]')],
      },
    ],
    nodes: [
      {
        ...node(
          "Op",
          [
            ["x", "", "w"],
            ["h", ""],
          ],
          { domain: "custom", name: "n" },
        ),
        overload: "v2",
        attributes: settable,
        doc: "node doc",
        metadata: { p: "q" },
        deviceConfigurations: [encoded("two"), encoded("gpus")],
        unknown: [unknown(86)],
      },
      node("F", [["h"], ["y"]], { domain: "my" }),
    ],
  }),
  {
    irVersion: 11,
    opsets: { "": 17, my: 1, custom: 3, "ai.onnx.ml": 3 },
    producer: "p",
    producerVersion: "1",
    domain: "org",
    modelVersion: 2n ** 62n,
    doc: "model doc",
    metadata: { constructor: "c", zero: "" },
    unknown: [unknown(90), unknown(91, 'opset_import["my"]')],
    functions: [
      {
        name: "F",
        domain: "my",
        overload: "o",
        inputs: ["a"],
        outputs: ["b"],
        attributes: ["alpha"],
        defaults: { beta: { kind: "float", value: 2 } },
        opsets: { "": 17 },
        nodes: [{ ...node("Elu", [["a"], ["b"]]), attributes: { alpha: { kind: "reference", name: "alpha", of: 1 } } }],
        values: [value("b", "float32")],
        doc: "function doc",
        metadata: { f: "g" },
        unknown: [unknown(92)],
      },
    ],
    trainingInfo: [encoded("training")],
    configurations: [encoded("cluster")],
  },
);

test("every part of the format survives writing and reading", async () => {
  const bytes = encodeModel(everything);
  const back = await decodeModel(bytes);
  expect(back).toEqual(everything);
  expect(Object.keys(back.graph.nodes[0]?.attributes ?? {})).toContain("__proto__");
  expect(meaningOf(encodeModel(back))).toEqual(meaningOf(bytes));
});

test("what is read is frozen all the way down", async () => {
  const back = await decodeModel(encodeModel(everything));
  const thawed: string[] = [];
  const visit = (item: unknown, path: string): void => {
    if (typeof item !== "object" || item === null || ArrayBuffer.isView(item)) return;
    if (!Object.isFrozen(item)) thawed.push(path);
    for (const [key, inner] of Object.entries(item)) visit(inner, `${path}.${key}`);
  };
  visit(back, "model");
  expect(thawed).toEqual([]);
});

test("tensors are views of the bytes that were read", async () => {
  const bytes = encodeModel(everything);
  const { data } = (await decodeModel(bytes)).graph.initializers[0]!;
  expect(data.kind === "bytes" && data.bytes.buffer === bytes.buffer).toBe(true);
});

/** A model proto with one initializer. */
async function readBack(init: Partial<TensorProto>): Promise<Tensor> {
  const initializer = [{ name: "w", ...init, $typeName: "onnx.TensorProto" as const }];
  const proto = create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [{ version: 17n }],
    graph: { initializer: initializer as TensorProto[] },
  });
  const read = (await decodeModel(toBinary(ModelProtoSchema, proto))).graph.initializers[0]!;
  const again = (
    await decodeModel(encodeModel(model(graph({ inputs: [], outputs: [], nodes: [], initializers: [read] }))))
  ).graph.initializers[0]!;
  expect(again).toEqual(read);
  return read;
}

const lists = {
  dims: [],
  floatData: [],
  int32Data: [],
  stringData: [],
  int64Data: [],
  doubleData: [],
  uint64Data: [],
  externalData: [],
  metadataProps: [],
};

const TYPED: [ElementType, Partial<TensorProto>, readonly number[]][] = [
  ["float32", { floatData: [1.5, -2] }, [0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0]],
  ["complex64", { floatData: [1, 0, 0, -1] }, [0, 0, 0x80, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0xbf]],
  ["float64", { doubleData: [1, -0] }, [0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0x80]],
  ["complex128", { doubleData: [0, 0, 0, 1] }, [...new Array<number>(30).fill(0), 0xf0, 0x3f]],
  ["int64", { int64Data: [-1n, 1n] }, [255, 255, 255, 255, 255, 255, 255, 255, 1, 0, 0, 0, 0, 0, 0, 0]],
  ["uint64", { uint64Data: [2n ** 64n - 1n, 1n] }, [255, 255, 255, 255, 255, 255, 255, 255, 1, 0, 0, 0, 0, 0, 0, 0]],
  ["uint32", { uint64Data: [2n ** 32n - 1n, 1n] }, [255, 255, 255, 255, 1, 0, 0, 0]],
  ["int32", { int32Data: [-2, 1] }, [254, 255, 255, 255, 1, 0, 0, 0]],
  ["int16", { int32Data: [-2, 1] }, [254, 255, 1, 0]],
  ["uint16", { int32Data: [65535, 1] }, [255, 255, 1, 0]],
  ["float16", { int32Data: [0x3c00, 0xbc00] }, [0, 0x3c, 0, 0xbc]],
  ["bfloat16", { int32Data: [0x3f80, 0xbf80] }, [0x80, 0x3f, 0x80, 0xbf]],
  ["int8", { int32Data: [-1, 127] }, [255, 127]],
  ["uint8", { int32Data: [255, 0] }, [255, 0]],
  ["bool", { int32Data: [1, 0] }, [1, 0]],
  ["float8e4m3fn", { int32Data: [0x38, 0x80] }, [0x38, 0x80]],
  ["float8e4m3fnuz", { int32Data: [0x38, 0x80] }, [0x38, 0x80]],
  ["float8e5m2", { int32Data: [0x38, 0x80] }, [0x38, 0x80]],
  ["float8e5m2fnuz", { int32Data: [0x38, 0x80] }, [0x38, 0x80]],
  ["float8e8m0", { int32Data: [0x7f, 0x80] }, [0x7f, 0x80]],
  ["int4", { int32Data: [0x1f] }, [0x1f]],
  ["uint4", { int32Data: [0xf1] }, [0xf1]],
  ["float4e2m1", { int32Data: [0x21] }, [0x21]],
  ["int2", { int32Data: [0x0d] }, [0x0d]],
  ["uint2", { int32Data: [0x07] }, [0x07]],
];

test.each(TYPED)("%s is read from its typed field as raw_data would hold it", async (element, fields, expected) => {
  const dims = [2n];
  const read = await readBack({ ...lists, ...fields, dims, dataType: ELEMENT_TYPES[element].code });
  expect(read.data).toEqual({ kind: "bytes", bytes: Uint8Array.from(expected) });
  expect(tensorArray(read).type).toBe(element);
});

test("the table above has every type but string and undefined", () => {
  expect(new Set([...TYPED.map(([name]) => name), "string", "undefined"])).toEqual(new Set(Object.keys(ELEMENT_TYPES)));
});

test("attributes without a kind, as in files of 2017, get it from the field that is set", async () => {
  const attribute = [{ name: "axis", i: 3n }, { name: "empty" }];
  const graphInit = {
    input: [{ name: "x" }],
    output: [{ name: "y" }],
    node: [{ opType: "Softmax", input: ["x"], output: ["y"], attribute }],
  };
  const proto = create(ModelProtoSchema, { irVersion: 1n, opsetImport: [{ version: 1n }], graph: graphInit });
  const read = await decodeModel(toBinary(ModelProtoSchema, proto));
  expect(read.graph.nodes[0]?.attributes).toEqual({ axis: { kind: "int", value: 3n }, empty: { kind: "none" } });
});

test("nodes that stand in the wrong order are put in order, in bodies too", async () => {
  const body = graph({
    name: "body",
    inputs: [],
    outputs: [{ name: "q" }],
    nodes: [node("Neg", [["p"], ["q"]]), node("Abs", [["x"], ["p"]])],
  });
  const nodes = [
    node("Relu", [["b"], ["y"]]),
    node("If", [["c"], ["b"]], { attributes: { then_branch: { kind: "graph", value: body } } }),
    node("Not", [["x"], ["c"]]),
  ];
  const read = await decodeModel(
    encodeModel(model(graph({ inputs: [{ name: "x" }], outputs: [{ name: "y" }], nodes }))),
  );
  expect(read.graph.nodes.map((n) => n.op)).toEqual(["Not", "If", "Relu"]);
  const then = read.graph.nodes[1]?.attributes["then_branch"];
  expect(then?.kind === "graph" && then.value.nodes.map((n) => n.op)).toEqual(["Abs", "Neg"]);
});

test('the domain "ai.onnx" is the default domain', async () => {
  const proto = create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [{ domain: "ai.onnx", version: 17n }],
    graph: {
      input: [{ name: "x" }],
      output: [{ name: "y" }],
      node: [{ opType: "Relu", domain: "ai.onnx", input: ["x"], output: ["y"] }],
    },
  });
  const read = await decodeModel(toBinary(ModelProtoSchema, proto));
  expect(read.opsets).toEqual({ "": 17 });
  expect(read.graph.nodes[0]?.domain).toBe("");
});
