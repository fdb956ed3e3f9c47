import { create, toBinary, type DescMessage, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import {
  ModelProtoSchema,
  TensorProtoSchema,
  type AttributeProtoSchema,
  type FunctionProtoSchema,
  type GraphProtoSchema,
  type NodeProtoSchema,
} from "../../core/onnx/generated/onnx_pb.ts";
import type { Limits } from "../../core/onnx/limits.ts";

/** One hostile input: the file's bytes, files to lay beside it, and tightened limits. */
export interface Hostile {
  readonly bytes: Uint8Array;
  readonly limits?: Partial<Limits>;
  /** Name → content, or the target of a symbolic link. */
  readonly beside?: Readonly<Record<string, Uint8Array | { readonly link: string }>>;
}

/** What `create` takes for a message, without finished messages. */
type Init<Schema extends DescMessage> = Exclude<MessageInitShape<Schema>, MessageShape<Schema>>;
type ModelInit = Init<typeof ModelProtoSchema>;
type GraphInit = Init<typeof GraphProtoSchema>;
type NodeInit = Init<typeof NodeProtoSchema>;
type TensorInit = Init<typeof TensorProtoSchema>;
type AttributeInit = Init<typeof AttributeProtoSchema>;
type FunctionInit = Init<typeof FunctionProtoSchema>;

const text = (start: string): Hostile => ({ bytes: new TextEncoder().encode(start) });
const raw = (...bytes: (number | string)[]): Hostile => ({
  bytes: Uint8Array.from(bytes.flatMap((b) => (typeof b === "number" ? [b] : [...new TextEncoder().encode(b)]))),
});

const node = (opType: string, [input, output]: readonly [string[], string[]], rest: NodeInit = {}): NodeInit => ({
  name: opType.toLowerCase(),
  opType,
  input,
  output,
  ...rest,
});

const RELU = node("Relu", [["x"], ["y"]]);

function model(rest: ModelInit): Uint8Array {
  const defaults: ModelInit = { irVersion: 8n, opsetImport: [{ domain: "", version: 17n }] };
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, { ...defaults, ...rest }));
}

const graphModel = (graph: GraphInit, rest: ModelInit = {}): Hostile => ({
  bytes: model({
    graph: { name: "main", input: [{ name: "x" }], output: [{ name: "y" }], node: [RELU], ...graph },
    ...rest,
  }),
});

const weight = (tensor: TensorInit): Hostile =>
  graphModel({
    initializer: [{ name: "w", dataType: 1, dims: [2n], ...tensor }],
    node: [node("Add", [["x", "w"], ["y"]])],
  });

const withAttribute = (...attribute: AttributeInit[]): Hostile => graphModel({ node: [{ ...RELU, attribute }] });

const external = (entries: Record<string, string>, beside: Hostile["beside"] = {}): Hostile => ({
  ...weight({ dataLocation: 1, externalData: Object.entries(entries).map(([key, value]) => ({ key, value })) }),
  beside,
});

const functionModel = (...functions: FunctionInit[]): Hostile => graphModel({}, { functions });
const callOf = (name: string, to: string): FunctionInit => ({
  name,
  domain: "my",
  input: ["a"],
  output: ["b"],
  node: [node(to, [["a"], ["b"]], { domain: "my" })],
});

/** A field of the model that holds messages in messages, `depth` deep: each graph has a node with a graph. */
function nested(depth: number): Uint8Array {
  let graph: Uint8Array = new Uint8Array();
  for (let i = 0; i < depth; i++) {
    const attribute = wrap(6, graph);
    graph = wrap(1, wrap(5, attribute));
  }
  return wrap(7, graph);
}

function wrap(field: number, content: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(field, WireType.LengthDelimited).bytes(content).finish();
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((p) => [...p]));
}

const good = weight({ rawData: new Uint8Array(8) }).bytes;
const eight = new Uint8Array(8);

/** Every hostile input by the name that `models.json` lists it under. */
export const HOSTILE: Readonly<Record<string, Hostile>> = {
  empty: { bytes: new Uint8Array() },
  png: raw(0x89, "PNG\r\n", 0x1a, "\n", 0, 0, 0, 13, "IHDR"),
  jpeg: raw(0xff, 0xd8, 0xff, 0xe0, 0, 16, "JFIF"),
  zip: raw("PK", 3, 4, 20, 0, "model.onnx"),
  "torch zip": raw("PK", 3, 4, 0, 0, "archive/data.pkl"),
  "torch legacy": raw(0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46),
  keras: raw("PK", 3, 4, 20, 0, "metadata.json"),
  gzip: raw(0x1f, 0x8b, 8, 0),
  hdf5: raw(0x89, "HDF\r\n", 0x1a, "\n"),
  tflite: raw(0x1c, 0, 0, 0, "TFL3", 0x14, 0),
  "saved model": raw(8, 1, 0x12, 0x80, 1, 0x0a, 0x10, 0x12, 5, "serve"),
  "ort format": raw(0x20, 0, 0, 0, "ORTM"),
  gguf: raw("GGUF", 3, 0, 0, 0),
  safetensors: raw(0x40, 0, 0, 0, 0, 0, 0, 0, '{"w":{"dtype":"F32"}}'),
  numpy: raw(0x93, "NUMPY", 1, 0),
  "lfs pointer": text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"),
  html: text("<!DOCTYPE html><html><body>404</body></html>"),
  json: text('{"model": {"graph": []}}'),
  text: text("This is not a model at all.\n"),

  "random bytes": raw(0xde, 0xad, 0xbe, 0xef, 0x12, 0x34, 0x56, 0x78, 0x9a),
  "cut in a tensor": { bytes: good.subarray(0, good.length - 20) },
  "cut in a number": { bytes: good.subarray(0, 1) },
  "field over the end of its message": { bytes: concat(wrap(7, Uint8Array.of(0x0a, 0x20)), good) },
  "wrong wire type": { bytes: concat(Uint8Array.of(0x0a, 1, 0), good) },
  "text that is not UTF-8": { bytes: concat(wrap(2, Uint8Array.of(0xff, 0xfe, 0xfd)), good) },
  "a tensor, not a model": {
    bytes: toBinary(TensorProtoSchema, create(TensorProtoSchema, { dims: [2n], rawData: eight })),
  },
  "no graph": { bytes: model({}) },
  "no operator set": graphModel({}, { opsetImport: [] }),
  "opset 0": graphModel({}, { opsetImport: [{ version: 0n }] }),
  "opset 99": graphModel({}, { opsetImport: [{ version: 99n }] }),
  "ml opset 99": graphModel({}, { opsetImport: [{ version: 17n }, { domain: "ai.onnx.ml", version: 99n }] }),
  "opset twice": graphModel({}, { opsetImport: [{ version: 17n }, { domain: "ai.onnx", version: 18n }] }),
  "IR version 99": graphModel({}, { irVersion: 99n }),

  "shape with an impossible size": graphModel({
    input: [
      {
        name: "x",
        type: {
          value: {
            case: "tensorType",
            value: { elemType: 1, shape: { dim: [{ value: { case: "dimValue", value: 2n ** 62n } }] } },
          },
        },
      },
    ],
  }),

  cycle: graphModel({
    node: [node("Relu", [["b"], ["y"]]), node("Add", [["x", "b"], ["a"]]), node("Neg", [["a"], ["b"]])],
  }),
  "cycle of one": graphModel({ node: [node("Add", [["x", "y"], ["y"]])] }),
  "cycle through a body": graphModel({
    node: [
      node("If", [["x"], ["a"]], {
        attribute: [
          {
            name: "then_branch",
            type: 5,
            g: { name: "then", output: [{ name: "t" }], node: [node("Neg", [["y"], ["t"]])] },
          },
        ],
      }),
      node("Relu", [["a"], ["y"]]),
    ],
  }),
  "value made twice": graphModel({ node: [RELU, node("Neg", [["x"], ["y"]])] }),
  "input made again": graphModel({
    node: [node("Neg", [["y"], ["x"]]), node("Abs", [["w"], ["y"]])],
    initializer: [{ name: "w", dataType: 1, dims: [0n] }],
  }),
  "input twice": graphModel({ input: [{ name: "x" }, { name: "x" }] }),
  "unknown input": graphModel({ node: [node("Add", [["x", "w"], ["y"]])] }),
  "output of nothing": graphModel({ output: [{ name: "z" }] }),
  "node without operator": graphModel({ node: [node("", [["x"], ["y"]])] }),
  "attribute twice": withAttribute({ name: "axis", type: 2, i: 1n }, { name: "axis", type: 2, i: 2n }),
  "attribute of two kinds": withAttribute({ name: "axis", type: 2, i: 1n, f: 2 }),
  "attribute of unknown kind": withAttribute({ name: "axis", type: 77 }),
  "attribute without its graph": withAttribute({ name: "body", type: 5 }),
  "reference with a value": withAttribute({ name: "axis", type: 2, i: 1n, refAttrName: "outer" }),
  "function twice": functionModel(callOf("F", "Relu"), callOf("F", "Neg")),
  "functions in a circle": functionModel(callOf("F", "G"), callOf("G", "F")),

  "tensor too short": weight({ rawData: new Uint8Array(7) }),
  "tensor without content": weight({}),
  "tensor in the wrong field": weight({ int64Data: [1n, 2n] }),
  "tensor in two fields": weight({ floatData: [1, 2], rawData: eight }),
  "strings too few": weight({ dataType: 8, stringData: [eight] }),
  "negative size": weight({ dims: [-1n], rawData: eight }),
  "size that overflows": weight({ dims: [2n ** 40n, 2n ** 40n], rawData: eight }),
  "size that overflows behind a zero": weight({ dims: [0n, 2n ** 62n, 2n ** 62n] }),
  "element type 99": weight({ dataType: 99, rawData: eight }),
  "tensor in segments": weight({ segment: eight, rawData: eight }),

  "external without location": external({}),
  "external to the parent": external({ location: "../w.bin" }),
  "external to the parent by backslash": external({ location: "sub\\..\\..\\w.bin" }),
  "external absolute": external({ location: "/etc/passwd" }),
  "external absolute on Windows": external({ location: "C:\\w.bin" }),
  "external missing": external({ location: "w.bin" }),
  "external link out": external({ location: "w.bin" }, { "w.bin": { link: "/etc/passwd" } }),
  "external link to nowhere": external({ location: "w.bin" }, { "w.bin": { link: "gone" } }),
  "external folder": external({ location: "." }),
  "external too short": external({ location: "w.bin", offset: "4" }, { "w.bin": eight }),
  "external negative offset": external({ location: "w.bin", offset: "-8" }, { "w.bin": eight }),
  "external offset that overflows": external({ location: "w.bin", offset: "99999999999999999999" }, { "w.bin": eight }),
  "external length that disagrees": external({ location: "w.bin", length: "4" }, { "w.bin": eight }),
  "external strings": weight({ dataType: 8, dataLocation: 1, externalData: [{ key: "location", value: "w.bin" }] }),

  "too many nodes": { ...graphModel({ node: Array.from({ length: 11 }, () => RELU) }), limits: { nodes: 10 } },
  "too many fields": {
    bytes: wrap(
      7,
      new Uint8Array(200).fill(0x0a).map((b, i) => (i % 2 ? 0 : b)),
    ),
    limits: { fields: 50 },
  },
  "too many typed elements": {
    ...weight({ dims: [100n], int64Data: new Array<bigint>(100).fill(1n) }),
    limits: { typedElements: 99 },
  },
  "file too large": { bytes: good, limits: { fileBytes: 16 } },
  "graphs in graphs": { bytes: nested(10_000) },
  "unknown groups in groups": { bytes: Uint8Array.from({ length: 400_000 }, (_, i) => (i % 2 ? 0x06 : 0xfb)) },
};
