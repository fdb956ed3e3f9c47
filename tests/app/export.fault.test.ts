import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exportVariant } from "../../core/app/exportVariant.ts";
import { planExport } from "../../core/app/exportPlan.ts";
import { importModel } from "../../core/app/importModel.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { baselineOf, findVariant } from "../../core/app/project.ts";
import { LatheError } from "../../core/base/error.ts";
import type { Host } from "../../core/base/host.ts";
import type { ExportChoices } from "../../core/contract/export.ts";
import { graph, model, node, value } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import { writeModel } from "../../core/onnx/write.ts";
import { smallDisk } from "../store/fixtures.ts";
import { quietWork, temporaryFolder, tinyModel, tinyProject } from "./fixtures.ts";

const work = quietWork();

async function failureOf(doing: Promise<unknown>): Promise<Pick<LatheError, "code" | "message" | "hint">> {
  const thrown = await doing.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(thrown).toBeInstanceOf(LatheError);
  const { code, message, hint } = thrown as LatheError;
  return { code, message, hint };
}

/** A project with the tiny model, changed, as "other". */
async function withOther(change: (tiny: Model) => Model, host: Host = nodeHost) {
  const { project } = await tinyProject();
  const file = join(temporaryFolder(), "other.onnx");
  await writeModel(change(tinyModel()), file, { host: nodeHost });
  await importModel(project, file, { ...work, name: "other" });
  return { store: project.store, host };
}

test.each<[string, Partial<ExportChoices>, Pick<LatheError, "code" | "message" | "hint">]>([
  [
    "two tensors renamed alike",
    { rename: ["image=data", "scores=data"] },
    {
      code: "invalid-argument",
      message: '"image" and "scores" would both be called "data".',
      hint: "Inputs and outputs need names of their own.",
    },
  ],
  [
    "a new name that another one bears",
    { rename: ["image=scores"] },
    {
      code: "invalid-argument",
      message: '"image" and "scores" would both be called "scores".',
      hint: "Inputs and outputs need names of their own.",
    },
  ],
  [
    "a tensor that is none",
    { rename: ["picture=x"] },
    {
      code: "invalid-argument",
      message: '"picture=x" names no input or output.',
      hint: 'Write one of them, "=" and its new name: image, scores.',
    },
  ],
  [
    "an empty new name",
    { rename: ["image="] },
    {
      code: "invalid-argument",
      message: '"" cannot be the name of "image".',
      hint: "Use letters, digits, dots and dashes.",
    },
  ],
  [
    "two names for one tensor",
    { rename: ["image=a", "image=b"] },
    { code: "invalid-argument", message: '"image" is given two names.', hint: "Give it one." },
  ],
  [
    "a batch that is neither number nor name",
    { batch: "4 x" },
    {
      code: "invalid-argument",
      message: '"4 x" is neither a number of samples nor a name.',
      hint: "Give a whole number from 1, or a name of letters and digits, such as N.",
    },
  ],
  [
    "no samples in a call",
    { batch: "0" },
    {
      code: "invalid-argument",
      message: '"0" is neither a number of samples nor a name.',
      hint: "Give a whole number from 1, or a name of letters and digits, such as N.",
    },
  ],
  [
    "a size of no dimension",
    { sizes: ["sequence=12"] },
    {
      code: "invalid-argument",
      message: '"sequence=12" names no free dimension of an input.',
      hint: "Free dimensions: batch.",
    },
  ],
  [
    "a size that is none",
    { sizes: ["batch=many"] },
    {
      code: "invalid-argument",
      message: '"batch=many" gives no size.',
      hint: "Write batch= and a whole number from 1.",
    },
  ],
  [
    "a file that would lie elsewhere",
    { file: "../model" },
    {
      code: "invalid-argument",
      message: '"../model" cannot be the name of a file.',
      hint: "Use letters, digits, dots and dashes.",
    },
  ],
  [
    "a file that Windows cannot have",
    { file: "nul" },
    {
      code: "invalid-argument",
      message: '"nul" cannot be the name of a file.',
      hint: "Use letters, digits, dots and dashes.",
    },
  ],
])("refuses %s, writes nothing, and tells the same beside the field", async (_, choices, expected) => {
  const { project, folder } = await tinyProject();
  const out = join(folder, "out", "bundle");
  const [field] = Object.keys(choices);
  expect(await failureOf(exportVariant(project, baselineOf(project), { ...work, ...choices, out }))).toEqual(expected);
  expect(readdirSync(join(folder, "out"))).toEqual([]);
  const { problems } = await planExport(project, baselineOf(project), { ...work, ...choices });
  expect(problems).toEqual([{ field, message: expected.message, hint: expected.hint }]);
  project.store.close();
});

test("refuses an operator set that has no such op, naming the node", async () => {
  const project = await withOther((tiny) => ({
    ...tiny,
    opsets: { "": 18 },
    graph: {
      ...tiny.graph,
      nodes: tiny.graph.nodes.map((n) => (n.op === "Relu" ? node("Mish", [n.inputs, n.outputs], { name: "act" }) : n)),
    },
  }));
  const failure = await failureOf(
    exportVariant(project, findVariant(project, "other"), { ...work, opset: 17, out: join(temporaryFolder(), "b") }),
  );
  expect(failure).toEqual({
    code: "unsupported",
    message:
      'The model cannot be brought from opset 18 to "17": Mish "act": opset 17 has no Mish, which opset 18 brought.',
    hint: "Choose another operator set, or keep the model's own.",
  });
  project.store.close();
});

test("refuses an operator set whose ops do not take the model's types, as the runtime knows them", async () => {
  const project = await withOther(() =>
    model(
      graph({
        inputs: [value("a", "int32", ["n", 3]), value("b", "int32", ["n", 3])],
        outputs: [value("y", "int32", ["n", 3])],
        nodes: [node("Max", [["a", "b"], ["y"]], { name: "most" })],
      }),
    ),
  );
  const { problems } = await planExport(project, findVariant(project, "other"), { ...work, opset: 11 });
  expect(problems).toEqual([
    {
      field: "opset",
      message:
        "The model cannot be brought from opset 17 to \"11\": Type 'tensor(int32)' of input parameter (a) of operator (Max) in node (most) is invalid.",
      hint: "Choose another operator set, or keep the model's own.",
    },
  ]);
  project.store.close();
});

test("says before anything is written that a model does not run", async () => {
  const project = await withOther((tiny) => ({
    ...tiny,
    opsets: { ...tiny.opsets, own: 1 },
    graph: { ...tiny.graph, nodes: tiny.graph.nodes.map((n) => (n.op === "Relu" ? { ...n, domain: "own" } : n)) },
  }));
  const variant = findVariant(project, "other");
  const out = join(temporaryFolder(), "out", "bundle");
  const expected = {
    message: '"other" cannot be exported: onnxruntime does not know Relu of domain "own" (1 node).',
    hint: "An export is loaded again and compared before it appears, and that takes a model that runs.",
  };
  expect((await planExport(project, variant, work)).problems).toEqual([{ field: "variant", ...expected }]);
  expect(await failureOf(exportVariant(project, variant, { ...work, out }))).toEqual({
    code: "not-runnable",
    ...expected,
  });
  project.store.close();
});

test("refuses a model that its samples in a call are built into", async () => {
  const project = await withOther((tiny) => {
    const one = (v: Model["graph"]["inputs"][number]) =>
      v.type?.kind === "tensor"
        ? { ...v, type: { ...v.type, dims: [{ size: 1 }, ...(v.type.dims ?? []).slice(1)] } }
        : v;
    const shape = { name: "whole", type: "int64", dims: [1] } as const;
    return {
      ...tiny,
      graph: {
        ...tiny.graph,
        inputs: tiny.graph.inputs.map(one),
        outputs: [{ name: "flat" }],
        initializers: [
          ...tiny.graph.initializers,
          { ...shape, data: { kind: "bytes", bytes: new Uint8Array(BigInt64Array.of(3n).buffer) } },
        ],
        nodes: [...tiny.graph.nodes, node("Reshape", [["scores", "whole"], ["flat"]])],
      },
    };
  });
  const failure = await failureOf(
    exportVariant(project, findVariant(project, "other"), { ...work, batch: "N", out: join(temporaryFolder(), "b") }),
  );
  expect(failure.message).toBe('The model is made for "1" samples in a call, and does not give other numbers of them.');
  project.store.close();
});

test("says that weights do not fit into one file before it writes any, and what to do", async () => {
  const { project, folder } = await tinyProject();
  const file = join(folder, "outside.onnx");
  await writeModel(tinyModel(), file, { host: nodeHost, externalAbove: 64 });
  const variant = await importModel(project, file, { ...work, name: "outside" });
  const out = join(folder, "out", "bundle");
  expect(
    await failureOf(exportVariant(project, variant, { ...work, format: "inline", largestFile: 300, out })),
  ).toEqual({
    code: "limit-exceeded",
    message: 'The model would take "428 B" in one file; the format ends at 300 B.',
    hint: 'Choose the format "external": the weights go to a file beside it.',
  });
  expect(
    await failureOf(exportVariant(project, variant, { ...work, format: "ort", largestFile: 300, out })),
  ).toMatchObject({ code: "limit-exceeded" });
  expect(readdirSync(join(folder, "out"))).toEqual([]);
  project.store.close();
});

test("external data whose names the bundle needs are not written over", async () => {
  const { project, folder } = await tinyProject();
  const file = join(folder, "outside.onnx");
  await writeModel(tinyModel(), file, { host: nodeHost, externalAbove: 64, externalName: "card.json" });
  const variant = await importModel(project, file, { ...work, name: "outside" });
  const out = join(folder, "bundle");
  expect(await failureOf(exportVariant(project, variant, { ...work, out }))).toEqual({
    code: "invalid-argument",
    message: 'The model keeps weights in "card.json", a name that the bundle needs itself.',
    hint: 'Choose another name, or the format "external", which writes one file of another name.',
  });
  const made = await exportVariant(project, variant, { ...work, format: "external", out });
  expect(made.files).toContain("model.onnx.data");
  project.store.close();
});

test.each([0, 400, 900, 2500, 6000])("a full disk after %i bytes leaves no bundle of a changed model", async (room) => {
  const { project, folder } = await tinyProject();
  const full = { store: project.store, host: smallDisk(room) };
  const out = join(folder, "out", "bundle");
  const choices = { opset: 21, rename: ["image=x"], batch: "2" } as const;
  const failure = await failureOf(
    exportVariant(full, baselineOf(project), { ...work, ...choices, rename: [...choices.rename], out }),
  );
  expect(failure.code).toBe("disk-full");
  expect(readdirSync(join(folder, "out"))).toEqual([]);
  project.store.close();
});

test.each([
  ["as it is", "keep"],
  ["changed", "tidy"],
] as const)("a model that was damaged on its way is not published, %s", async (_, texts) => {
  const { project, folder } = await tinyProject();
  const host: Host = {
    ...nodeHost,
    files: {
      ...nodeHost.files,
      create: async (path) => {
        const writer = await nodeHost.files.create(path);
        if (!path.endsWith(".onnx")) return writer;
        return { ...writer, write: (bytes) => writer.write(bytes.map((b, i) => (i === bytes.length - 1 ? b ^ 1 : b))) };
      },
    },
  };
  const out = join(folder, "bundle");
  const failure = await failureOf(
    exportVariant({ store: project.store, host }, baselineOf(project), { ...work, texts, out }),
  );
  expect(failure.code).toBe("integrity");
  expect(failure.message).toContain("The exported model is not the project's variant: its SHA-256");
  expect(existsSync(out)).toBe(false);
  project.store.close();
});

test("stopping while the model is rewritten leaves nothing", async () => {
  const { project, folder } = await tinyProject();
  const control = new AbortController();
  const emit = (event: { readonly kind: string; readonly name?: string }): void => {
    if (event.kind === "stage" && event.name === "Loading it again") control.abort();
  };
  const failure = await failureOf(
    exportVariant(project, baselineOf(project), {
      emit,
      signal: control.signal,
      opset: 21,
      out: join(folder, "out", "b"),
    }),
  );
  expect(failure.code).toBe("cancelled");
  expect(readdirSync(join(folder, "out"))).toEqual([]);
  project.store.close();
});
