import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { NO_FACTS } from "../../core/app/viewer/figures.ts";
import { viewerTasks, type Subject, type ViewerTask, type ViewerResult } from "../../core/app/viewer/tasks.ts";
import { startViewer } from "../../core/app/viewer/viewer.ts";
import { modelView } from "../../core/contract/modelView.ts";
import { floatTensor, graph, model, node, tensor, value } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { callingModel, define, own } from "../graph/callingModel.ts";
import { longModel } from "../graph/longModel.ts";
import { sharedData, sharedNote } from "../shared.ts";
import { temporaryFolder } from "../serve/fixtures.ts";

const folder = temporaryFolder();
const run = viewerTasks(nodeHost);

async function ask<T extends ViewerTask>(task: T): Promise<ViewerResult<T>> {
  return (await run(task)) as ViewerResult<T>;
}

function subject(name: string, built: Model): Subject {
  const path = join(folder, `${name}.onnx`);
  const bytes = encodeModel(built);
  writeFileSync(path, bytes);
  return { file: { key: name, path, name, bytes: bytes.byteLength }, facts: NO_FACTS };
}

const view = (subject: Subject, open?: readonly string[]): ViewerTask & { kind: "view" } => ({
  kind: "view",
  variant: "v1",
  subject,
  open,
  sparsity: false,
});

/** A dense layer, as floats or as signed levels with a scale and a zero point. */
function dense(isQuantized: boolean): Model {
  const floats = floatTensor(
    "w",
    [8, 4],
    new Float32Array(32).map((_, i) => (i % 4 === 0 ? 0 : i / 32)),
  );
  const levels = tensor("w", {
    type: "uint8",
    dims: [8, 4],
    data: new Uint8Array(32).map((_, i) => (i % 2 === 0 ? 128 : i)),
  });
  return model(
    graph({
      inputs: [value("x", "float32", ["batch", 8])],
      outputs: [value("y", "float32", ["batch", 4])],
      initializers: isQuantized
        ? [levels, floatTensor("s", [], [0.1]), tensor("z", { type: "uint8", dims: [], data: new Uint8Array([128]) })]
        : [floats],
      nodes: isQuantized
        ? [
            node("DequantizeLinear", [["w", "s", "z"], ["wf"]], { name: "fc_DequantizeLinear" }),
            node("MatMul", [["x", "wf"], ["y"]], { name: "fc" }),
          ]
        : [node("MatMul", [["x", "w"], ["y"]], { name: "fc" })],
    }),
  );
}

describe("a view", () => {
  it("has counts, shapes and bits of each part, and fits its contract", async () => {
    const found = await ask(view(subject("dense", dense(false))));
    expect(modelView.parse(found)).toEqual(found);
    expect(found.parts.map((p) => p.id)).toEqual(["input 0", "fc", "output 0"]);
    expect(found.parts[1]).toMatchObject({
      op: "MatMul",
      input: "batch×8",
      output: "batch×4",
      type: "float32",
      figures: { parameters: 32, macs: 32, bits: 32 },
    });
    expect(found.edges.map((e) => [e.from, e.to, e.shape])).toEqual([
      ["input 0", "fc", "batch×8"],
      ["fc", "output 0", "batch×4"],
    ]);
  });

  it("adds up the figures of a block, and counts zeros when asked", async () => {
    const asked = subject("long", longModel(120));
    const found = await ask({ ...view(asked), sparsity: true });
    const block = found.parts.find((p) => p.form === "branches");
    expect(block?.figures.parameters).toBe((16 * (block!.ops * 2)) / 5);
    expect(found.totals.sparsity).toBe(0);
    expect(found.lacksShapes).toBe(true);
  });

  it("takes the zero point of quantised weights for zero", async () => {
    const found = await ask({ ...view(subject("quantized", dense(true))), sparsity: true });
    expect(found.parts.find((p) => p.id === "fc")?.figures).toMatchObject({ sparsity: 0.5, bits: 8, parameters: 32 });
  });

  it("cuts names and lists that a file makes long", async () => {
    const long = "n".repeat(20_000);
    const inputs = Array.from({ length: 100 }, (_, i) => value(`${long}${i}`, "float32", [1]));
    const built = model(
      graph({
        inputs,
        outputs: [value("y", "float32")],
        nodes: [node("Sum", [inputs.map((v) => v.name), ["y"]], { name: long })],
      }),
    );
    const found = await ask(view(subject("hostile", built)));
    expect(JSON.stringify(found).length).toBeLessThan(40_000);
    expect(found.parts.filter((p) => p.form === "input").at(-1)?.label).toBe("89 more");
  });
});

describe("a search", () => {
  it("finds by operator, name, tensor and shape, with what is around", async () => {
    const asked = subject("searched", longModel(120));
    const conv = await ask({ kind: "find", subject: asked, text: "conv_10" });
    expect(conv.found[0]).toMatchObject({ id: "Conv_10", because: "name" });
    expect(conv.found[0]!.within.length).toBeGreaterThan(0);
    const tensors = await ask({ kind: "find", subject: asked, text: "w10" });
    expect(tensors.found.some((f) => f.because === "tensor w10")).toBe(true);
    const shaped = await ask({ kind: "find", subject: subject("dense2", dense(false)), text: "batch" });
    expect(shaped.total).toBe(0);
    const byShape = await ask({ kind: "find", subject: asked, text: "4x8x8" });
    expect(byShape.found[0]?.because).toBe("shape batch×4×8×8");
    expect((await ask({ kind: "find", subject: asked, text: " " })).total).toBe(0);
  });
});

describe("facts", () => {
  it("tell attributes, inputs and constants, and figures of a constant's elements", async () => {
    const asked = subject("facts", dense(false));
    const found = await ask({ kind: "facts", subject: asked, part: "fc" });
    expect(found.inputs).toEqual([
      { place: 0, name: "x", kind: "value", type: "float32", shape: "batch×8" },
      { place: 1, name: "w", kind: "constant", type: "float32", shape: "8×4", bytes: 128, hasNumbers: true },
    ]);
    const figures = await ask({ kind: "tensor", subject: asked, name: "w" });
    expect(figures).toMatchObject({ elements: 32, counted: 32, zeros: 8, minimum: 0, maximum: 31 / 32, bits: 32 });
    expect(figures.bins.reduce((a, b) => a + b)).toBe(32);
  });

  it("refuse what is not there, in words", async () => {
    const asked = subject("refused", dense(false));
    await expect(ask({ kind: "facts", subject: asked, part: "nothing" })).rejects.toThrow(
      'There is no part "nothing" in this model.',
    );
    await expect(ask({ kind: "tensor", subject: asked, name: "x" })).rejects.toThrow(
      'There is no constant "x" in this model.',
    );
  });

  it("count packed four-bit elements by their signs", async () => {
    const packed = tensor("w", { type: "int4", dims: [2, 8], data: new Uint8Array([0x0f, 0x78, 0, 0, 0, 0, 0, 0]) });
    const built = model(
      graph({
        inputs: [],
        outputs: [value("y", "float32")],
        initializers: [packed, floatTensor("s", [], [1])],
        nodes: [node("DequantizeLinear", [["w", "s"], ["y"]], { name: "d" })],
      }),
    );
    const figures = await ask({ kind: "tensor", subject: subject("int4", built), name: "w" });
    expect(figures).toMatchObject({ minimum: -8, maximum: 7, zeros: 13, elements: 16, bits: 4 });
  });
});

describe("two models side by side", () => {
  it("share their ids, and tell what was added and what has other weights", async () => {
    const [first, second] = [subject("first", dense(false)), subject("second", dense(true))];
    const beside = await ask(view({ ...second, reference: first.file }));
    const fc = beside.parts.find((p) => p.id === "fc");
    expect(fc?.change).toEqual({ added: 0, removed: 0, changed: 1 });
    expect(beside.parts.find((p) => p.op === "DequantizeLinear")?.change).toEqual({ added: 1, removed: 0, changed: 0 });
    const compared = await ask({ kind: "compare", first, second });
    expect(compared.same).toBe(false);
    expect(compared.changes[0]).toMatchObject({
      kind: "changed",
      id: "fc",
      isLayer: true,
      before: { bits: 32 },
      after: { bits: 8 },
    });
    expect(compared.changes[0]?.what[0]).toBe("weights: float32 → uint8");
    const same = await ask({ kind: "compare", first, second: first });
    expect(same).toMatchObject({ same: true, total: 0 });
  });
});

describe("the thread", () => {
  const viewer = startViewer();
  afterAll(() => viewer.close());

  it("answers as the tasks do, fails in their words, and stops for who does not wait", async () => {
    const asked = view(subject("threaded", dense(false)));
    expect(await viewer.ask(asked, undefined)).toEqual(await ask(asked));
    const missing = { ...asked.subject.file, path: join(folder, "gone.onnx"), key: "gone" };
    await expect(viewer.ask({ ...asked, subject: { ...asked.subject, file: missing } }, undefined)).rejects.toThrow(
      /gone\.onnx/,
    );
    const control = new AbortController();
    const waiting = viewer.ask(asked, control.signal);
    control.abort();
    await expect(waiting).rejects.toMatchObject({ code: "cancelled" });
    expect(await viewer.ask(asked, undefined)).toEqual(await ask(asked));
  });
});

describe("a model whose functions stand for more than can be shown", () => {
  const doubling = callingModel(
    Array.from({ length: 30 }, (_, i) =>
      define(i === 0 ? "Two" : `F${i}`, {
        inputs: ["a", "w"],
        outputs: ["out"],
        nodes: [
          own(`F${i + 1}`, [["a", "w"], ["between"]], "left"),
          own(`F${i + 1}`, [["between", "w"], ["out"]], "right"),
        ],
      }),
    ),
  );

  it("opens one call at a time, finds what is open, and tells of it", async () => {
    const asked = subject("doubling", doubling);
    const closed = await ask(view(asked, []));
    expect(closed.parts.find((p) => p.id === "call")).toMatchObject({ ops: 3, parts: 2, isOpen: false });
    const open = await ask(view(asked, ["call", "call/right"]));
    expect(modelView.parse(open).open).toEqual(["call", "call/right"]);
    expect(open.parts.map((p) => p.id)).toEqual(expect.arrayContaining(["call/left", "call/right/left"]));
    expect((await ask({ kind: "find", subject: asked, text: "F2" })).found.map((f) => f.id)).toEqual([
      "call/right/left",
      "call/right/right",
    ]);
    expect(await ask({ kind: "facts", subject: asked, part: "call/right/left" })).toMatchObject({ op: "F2" });
    // What was open before need not be asked for again.
    expect((await ask({ kind: "find", subject: asked, text: "F1" })).total).toBe(2);
  });

  it("keeps such calls closed beside another model", async () => {
    const changed = {
      ...doubling,
      graph: { ...doubling.graph, nodes: [...doubling.graph.nodes].map((n, i) => (i === 2 ? { ...n, op: "Neg" } : n)) },
    };
    const reference = subject("doubling", doubling).file;
    const seen = await ask(view({ ...subject("doubling-changed", changed), reference }, ["call"]));
    expect(seen.parts.find((p) => p.id === "call")).toMatchObject({ parts: 0, isOpen: false });
  });
});

it("ends a search when whoever asked has left, and begins it again for who still waits", async () => {
  const asked = view(subject("long", longModel(20_000)));
  const fresh = viewerTasks(nodeHost);
  let looks = 0;
  const leaving = {
    get aborted() {
      return ++looks > 2;
    },
  };
  const [left, stayed] = await Promise.allSettled([fresh(asked, leaving), fresh(asked)]);
  expect(left).toMatchObject({ status: "rejected", reason: { code: "cancelled" } });
  expect(stayed).toMatchObject({ status: "fulfilled", value: { ops: 20_000 } });
});

describe.skipIf(sharedData === undefined)(`public models${sharedNote}`, () => {
  const files = [
    "cifar10-resnets/resnet20.onnx",
    "ort-testdata/bert_toy_optimized.onnx",
    "silero-vad/silero_vad_16k_op15.onnx",
    "qonnx/TFC_1W1A.onnx",
    "hwacc-garage/ad_quantized_int8.onnx",
  ];
  it.each(files)("%s opens, block by block", async (name) => {
    const path = join(sharedData ?? "", "models", name);
    const asked: Subject = { file: { key: name, path, name, bytes: 0 }, facts: NO_FACTS };
    const first = await ask(view(asked));
    expect(first.parts.length).toBeGreaterThan(2);
    const blocks = first.parts.filter((p) => p.parts > 0 && !p.isOpen).map((p) => p.id);
    const opened = await ask(view(asked, [...first.open, ...blocks]));
    expect(modelView.safeParse(opened).success).toBe(true);
    expect(opened.parts.length).toBeGreaterThan(first.parts.length);
    expect(opened.notRunnable === undefined).toBe(!name.startsWith("qonnx"));
  });
});
