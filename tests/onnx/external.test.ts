import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { afterAll, expect, test } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { floatTensor, graph, model, node, tensor, value } from "../../core/graph/build.ts";
import type { Model, Tensor } from "../../core/graph/model.ts";
import { decodeModel } from "../../core/onnx/decode.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { loadTensors, readElements, readModel, readTensor } from "../../core/onnx/read.ts";
import { writeModel } from "../../core/onnx/write.ts";
import { countingHost } from "./hosts.ts";

const root = mkdtempSync(join(tmpdir(), "lathe-external-"));
afterAll(() => rmSync(root, { recursive: true }));
const newFolder = (): string => mkdtempSync(join(root, "case-"));

/** y = x·w + b, with w of 128 KiB and b of 512 bytes. */
const weights = Float32Array.from({ length: 256 * 128 }, (_, i) => Math.sin(i));
const linear = model(
  graph({
    inputs: [value("x", "float32", [1, 256])],
    outputs: [value("y", "float32", [1, 128])],
    initializers: [
      floatTensor("b", [128], new Float32Array(128).fill(0.5)),
      floatTensor("w", [256, 128], weights),
      tensor("unused", { type: "int4", dims: [3], data: Uint8Array.of(0x21, 0x03) }),
    ],
    nodes: [node("Gemm", [["x", "w", "b"], ["y"]])],
  }),
);

async function run(source: string | Uint8Array): Promise<unknown> {
  const settings = { intraOpNumThreads: 1, logSeverityLevel: 3 } as const;
  const session =
    typeof source === "string"
      ? await InferenceSession.create(source, settings)
      : await InferenceSession.create(source, settings);
  const { y } = await session.run({
    x: new OrtTensor(
      "float32",
      Float32Array.from({ length: 256 }, (_, i) => i / 256),
      [1, 256],
    ),
  });
  await session.release();
  return y?.data;
}

const places = (read: Model): Record<string, string> =>
  Object.fromEntries(
    read.graph.initializers.map((t) => [
      t.name,
      t.data.kind === "external" ? `${t.data.location}@${t.data.offset}+${t.data.length}` : t.data.kind,
    ]),
  );

test("weights above the threshold go to one file beside the model, large ones on page boundaries", async () => {
  const path = join(newFolder(), "linear.onnx");
  const written = await writeModel(linear, path, { host: nodeHost, externalAbove: 256 });
  const read = await readModel(path, nodeHost);
  expect(places(read)).toEqual({ b: "linear.onnx.data@0+512", w: "linear.onnx.data@4096+131072", unused: "bytes" });
  expect(written).toEqual({ size: statSync(path).size, externalSize: statSync(`${path}.data`).size });
  expect(await run(path)).toEqual(await run(encodeModel(linear)));
  expect(isDeepStrictEqual(await loadTensors(read, nodeHost), linear)).toBe(true);
});

test("by default a small model is one file", async () => {
  const folder = newFolder();
  expect(await writeModel(linear, join(folder, "m.onnx"), { host: nodeHost })).toMatchObject({ externalSize: 0 });
  expect(readdirSync(folder)).toEqual(["m.onnx"]);
  expect(readFileSync(join(folder, "m.onnx")).equals(encodeModel(linear))).toBe(true);
});

test("external weights stay external when they are written again, and stream from file to file", async () => {
  const large = floatTensor("w", [3, 1 << 20], new Float32Array(3 << 20).fill(1));
  const source = join(newFolder(), "a.onnx");
  const big = model(graph({ inputs: [], outputs: [{ name: "w" }], nodes: [], initializers: [large] }));
  await writeModel(big, source, { host: nodeHost, externalAbove: 0, externalName: "weights.bin" });
  const { host, traffic } = countingHost();
  const target = join(newFolder(), "b.onnx");
  await writeModel(await readModel(source, host), target, { host });
  expect(traffic.longest).toBeLessThanOrEqual(4 << 20);
  expect(traffic.read).toBeLessThan((12 << 20) + 2000);
  const again = await readModel(target, nodeHost);
  expect(places(again)).toEqual({ w: "b.onnx.data@0+12582912" });
  const { data } = await readTensor(again.graph.initializers[0]!, nodeHost);
  expect(isDeepStrictEqual(data, new Float32Array(3 << 20).fill(1))).toBe(true);
});

test("a model can be written over itself", async () => {
  const path = join(newFolder(), "m.onnx");
  await writeModel(linear, path, { host: nodeHost, externalAbove: 0 });
  const read = await readModel(path, nodeHost);
  await writeModel({ ...read, doc: "second" }, path, { host: nodeHost });
  const again = await readModel(path, nodeHost);
  expect(again.doc).toBe("second");
  expect(isDeepStrictEqual((await loadTensors(again, nodeHost)).graph, linear.graph)).toBe(true);
});

test("tensors that share their bytes are stored once", async () => {
  const bytes = new Uint8Array(weights.buffer);
  const share = (name: string): Tensor => ({ name, type: "float32", dims: [256, 128], data: { kind: "bytes", bytes } });
  const tied = model(
    graph({ inputs: [], outputs: [{ name: "a" }], nodes: [], initializers: [share("a"), share("b")] }),
  );
  const path = join(newFolder(), "tied.onnx");
  await writeModel(tied, path, { host: nodeHost, externalAbove: 0 });
  const location = "tied.onnx.data@0+131072";
  const read = await readModel(path, nodeHost);
  expect(places(read)).toEqual({ a: location, b: location });
  await writeModel(read, path, { host: nodeHost });
  expect(places(await readModel(path, nodeHost))).toEqual({ a: location, b: location });
});

test("external data may lie in a folder below the model, and behind a link that stays inside", async () => {
  const folder = newFolder();
  const path = join(folder, "m.onnx");
  await writeModel(linear, path, { host: nodeHost, externalAbove: 256, externalName: "w.bin" });
  mkdirSync(join(folder, "data"));
  renameSync(join(folder, "w.bin"), join(folder, "data", "real.bin"));
  symlinkSync("data/real.bin", join(folder, "w.bin"));
  const [b] = (await readModel(path, nodeHost)).graph.initializers;
  expect((await readTensor(b!, nodeHost)).data).toEqual(new Float32Array(128).fill(0.5));
});

test("ranges may overlap, entries of other tools and checksums are kept", async () => {
  const folder = newFolder();
  await writeModel(linear, join(folder, "m.onnx"), { host: nodeHost, externalAbove: 256 });
  const place = {
    kind: "external",
    file: "",
    location: "m.onnx.data",
    checksum: "00",
    extra: { basepath: "x" },
  } as const;
  const initializers: Tensor[] = [
    { name: "p", type: "float32", dims: [64], data: { ...place, offset: 0, length: 256 } },
    { name: "q", type: "float32", dims: [64], data: { ...place, offset: 128, length: 256 } },
  ];
  const bytes = encodeModel(model(graph({ inputs: [], outputs: [{ name: "p" }], nodes: [], initializers })));
  const read = await decodeModel(bytes, { folder, host: nodeHost });
  expect(read.graph.initializers[1]?.data).toEqual({
    ...place,
    file: join(folder, "m.onnx.data"),
    offset: 128,
    length: 256,
  });
  expect(encodeModel(read)).toEqual(bytes);
});

test("bytes alone have no folder for external data", async () => {
  const folder = newFolder();
  await writeModel(linear, join(folder, "m.onnx"), { host: nodeHost, externalAbove: 256 });
  const bytes = await nodeHost.files.read(join(folder, "m.onnx"));
  await expect(decodeModel(bytes)).rejects.toMatchObject({
    code: "invalid-argument",
    message: 'Tensor "b" is in the file "m.onnx.data", and the model comes without a folder.',
  });
});

test("reading more than allowed is refused before it starts", async () => {
  const path = join(newFolder(), "m.onnx");
  await writeModel(linear, path, { host: nodeHost, externalAbove: 256 });
  const read = await readModel(path, nodeHost);
  const { host, traffic } = countingHost();
  await expect(loadTensors(read, host, { maximum: 1000 })).rejects.toMatchObject({
    code: "limit-exceeded",
    message: 'The model\'s external data takes "131584" bytes; the limit is 1000.',
  });
  expect(traffic.read).toBe(0);
});

test("elements are read from the middle of a tensor, packed ones by whole bytes", async () => {
  const path = join(newFolder(), "m.onnx");
  await writeModel(linear, path, { host: nodeHost, externalAbove: 256 });
  const [, w, packed] = (await readModel(path, nodeHost)).graph.initializers;
  const { host, traffic } = countingHost();
  expect((await readElements(w!, { from: 1000, count: 3 }, host)).data).toEqual(weights.slice(1000, 1003));
  expect(traffic.read).toBe(12);
  expect((await readElements(packed!, { from: 2, count: 1 }, host)).data).toEqual(Uint8Array.of(0x03));
  await expect(readElements(packed!, { from: 1, count: 1 }, host)).rejects.toMatchObject({
    message: 'Tensor "unused" (int4[3]) has no 1 elements from "1".',
  });
});

test.each(["", "../w", "a/b", "..", "m.onnx"])("external data cannot be named %j", async (externalName) => {
  await expect(writeModel(linear, join(root, "m.onnx"), { host: nodeHost, externalName })).rejects.toMatchObject({
    code: "invalid-argument",
    message: `External data cannot be written to "${externalName}".`,
  });
});
