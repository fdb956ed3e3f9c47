import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { floatTensor, graph, model } from "../../core/graph/build.ts";
import type { Tensor } from "../../core/graph/model.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { readElements, readModel } from "../../core/onnx/read.ts";
import { writeModel } from "../../core/onnx/write.ts";
import { countingHost, withFiles } from "./hosts.ts";

const GIB = 2 ** 30;
const root = mkdtempSync(join(tmpdir(), "lathe-large-"));
afterAll(() => rmSync(root, { recursive: true }));

test("a model of 3 GB opens, and a slice of its weights is seen, without reading it whole", async () => {
  const file = openSync(join(root, "w.bin"), "w");
  ftruncateSync(file, 3 * GIB);
  writeSync(file, new Uint8Array(Float32Array.of(1, 2, 3).buffer), 0, 12, 2.5 * GIB);
  closeSync(file);
  const data = { kind: "external", file: "", location: "w.bin", offset: 0, length: 3 * GIB } as const;
  const weight: Tensor = { name: "w", type: "float32", dims: [768, 2 ** 20], data };
  const path = join(root, "m.onnx");
  writeFileSync(
    path,
    encodeModel(model(graph({ inputs: [], outputs: [{ name: "w" }], nodes: [], initializers: [weight] }))),
  );
  const { host, traffic } = countingHost();
  const [read] = (await readModel(path, host)).graph.initializers;
  const slice = await readElements(read!, { from: (2.5 * GIB) / 4 - 1, count: 5 }, host);
  expect(slice.data).toEqual(Float32Array.of(0, 1, 2, 3, 0));
  expect(traffic.read).toBeLessThan(1000);
});

test("a model that outgrows 2 GiB is written with external data by itself, in pieces", async () => {
  const bytes = new Uint8Array(256 * 2 ** 20);
  // Views of one buffer at different offsets: nine weights of 256 MiB less a little, in 256 MiB of memory.
  const initializers = Array.from({ length: 9 }, (_, i): Tensor => {
    const part = bytes.subarray(4 * i, bytes.length - 64 + 4 * i);
    return { name: `w${i}`, type: "uint8", dims: [part.length], data: { kind: "bytes", bytes: part } };
  });
  const huge = model(
    graph({
      inputs: [],
      outputs: [{ name: "w0" }],
      nodes: [],
      initializers: [...initializers, floatTensor("small", [1], [1])],
    }),
  );
  expect(() => encodeModel(huge)).toThrow(/The model would take "\d+" bytes in one file; ONNX allows 2147483647\./);
  let longest = 0;
  const sizes = new Map<string, number>();
  const create = async (path: string) => ({
    write: async (piece: Uint8Array) => {
      longest = Math.max(longest, piece.byteLength);
      sizes.set(path, (sizes.get(path) ?? 0) + piece.byteLength);
    },
    commit: async () => {},
    discard: async () => {},
  });
  const path = join(root, "huge.onnx");
  const written = await writeModel(huge, path, { host: withFiles({ create }) });
  expect(written.externalSize).toBeGreaterThan(2 * GIB);
  expect(sizes.get(`${path}.data`)).toBe(written.externalSize);
  expect(sizes.get(path)).toBe(written.size);
  expect(written.size).toBeLessThan(2000);
  expect(longest).toBeLessThanOrEqual(4 << 20);
});
