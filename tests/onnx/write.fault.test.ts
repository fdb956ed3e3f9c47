import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, expect, test } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { toLatheError } from "../../core/base/error.ts";
import type { FileWriter, Host } from "../../core/base/host.ts";
import { floatTensor, graph, model } from "../../core/graph/build.ts";
import { loadTensors, readModel, readTensor } from "../../core/onnx/read.ts";
import { writeModel } from "../../core/onnx/write.ts";
import { withFiles } from "./hosts.ts";

const root = mkdtempSync(join(tmpdir(), "lathe-write-"));
afterAll(() => rmSync(root, { recursive: true }));
const newFolder = (): string => mkdtempSync(join(root, "case-"));

const initializers = ["a", "b", "c"].map((name, i) => floatTensor(name, [50_000], new Float32Array(50_000).fill(i)));
const subject = model(graph({ inputs: [], outputs: [{ name: "a" }], nodes: [], initializers }));

/** The real file system, on which the `failing`-th write or commit finds the disk full. */
function fullDisk(failing: number): { readonly host: Host; readonly steps: () => number } {
  let step = 0;
  const next = (path: string): void => {
    if (++step !== failing) return;
    const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    throw toLatheError(full, `Writing "${path}"`);
  };
  const create = async (path: string): Promise<FileWriter> => {
    const writer = await nodeHost.files.create(path);
    const write = async (bytes: Uint8Array): Promise<void> => (next(path), writer.write(bytes));
    const commit = async (): Promise<void> => (next(path), writer.commit());
    return { ...writer, write, commit };
  };
  return { host: withFiles({ create }), steps: () => step };
}

const healthy = fullDisk(-1);
await writeModel(subject, join(newFolder(), "m.onnx"), { host: healthy.host, externalAbove: 0 });
const everyStep = Array.from({ length: healthy.steps() }, (_, i) => i + 1);

test("there are writes and two commits to fail", () => {
  expect(everyStep.length).toBeGreaterThan(6);
});

test.each(everyStep)("a disk that is full at step %i leaves nothing behind", async (step) => {
  const folder = newFolder();
  writeFileSync(join(folder, "other.txt"), "kept");
  const writing = writeModel(subject, join(folder, "m.onnx"), { host: fullDisk(step).host, externalAbove: 0 });
  await expect(writing).rejects.toMatchObject({
    code: "disk-full",
    hint: "Free some disk space and run the command again.",
  });
  expect(readdirSync(folder)).toEqual(["other.txt"]);
});

test.each(everyStep.slice(0, -2))("a disk that is full at step %i leaves the older model as it was", async (step) => {
  const folder = newFolder();
  const path = join(folder, "m.onnx");
  const older = { ...subject, doc: "older" };
  await writeModel(older, path, { host: nodeHost, externalAbove: 0 });
  const before = readFileSync(path);
  await expect(writeModel(subject, path, { host: fullDisk(step).host, externalAbove: 0 })).rejects.toThrow("ENOSPC");
  expect(readFileSync(path).equals(before)).toBe(true);
  expect(isDeepStrictEqual(await loadTensors(await readModel(path, nodeHost), nodeHost), older)).toBe(true);
  expect(readdirSync(folder)).toEqual(["m.onnx", "m.onnx.data"]);
});

test("cancelling leaves nothing behind", async () => {
  const folder = newFolder();
  const signal = AbortSignal.abort();
  await expect(writeModel(subject, join(folder, "m.onnx"), { host: nodeHost, signal })).rejects.toMatchObject({
    code: "cancelled",
  });
  expect(readdirSync(folder)).toEqual([]);
});

test("a folder that is not there is said so", async () => {
  const path = join(root, "none", "m.onnx");
  await expect(writeModel(subject, path, { host: nodeHost })).rejects.toMatchObject({ code: "not-found" });
});

test("external data that shrinks after the model was opened is noticed", async () => {
  const folder = newFolder();
  const path = join(folder, "m.onnx");
  await writeModel(subject, path, { host: nodeHost, externalAbove: 0 });
  const read = await readModel(path, nodeHost);
  writeFileSync(join(folder, "m.onnx.data"), new Uint8Array(1000));
  await expect(readTensor(read.graph.initializers[1]!, nodeHost)).rejects.toMatchObject({
    code: "io",
    message: 'Tensor "b": "m.onnx.data" became shorter while it was in use.',
  });
  await expect(writeModel(read, join(folder, "n.onnx"), { host: nodeHost })).rejects.toMatchObject({
    code: "io",
    message: '"m.onnx.data" became shorter while it was copied.',
  });
  expect(readdirSync(folder)).toEqual(["m.onnx", "m.onnx.data"]);
});
