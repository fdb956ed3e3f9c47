import { spawnSync } from "node:child_process";
import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { exportVariant } from "../../core/app/exportVariant.ts";
import { planExport } from "../../core/app/exportPlan.ts";
import { importModel } from "../../core/app/importModel.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { baselineOf, findVariant, type Project } from "../../core/app/project.ts";
import { runMethod } from "../../core/app/runMethod.ts";
import { graph, model, node, value } from "../../core/graph/build.ts";
import { describeType } from "../../core/graph/describe.ts";
import { readModel } from "../../core/onnx/read.ts";
import { tensorsOf } from "../../core/graph/tensors.ts";
import { writeModel } from "../../core/onnx/write.ts";
import type { Model } from "../../core/graph/model.ts";
import type { ExportChoices } from "../../core/contract/export.ts";
import { quietWork, temporaryFolder, tinyModel, tinyProject } from "./fixtures.ts";

const work = quietWork();

interface Card {
  readonly model: { readonly file: string; readonly sha256: string; readonly opset: number; readonly external: object };
  readonly export: { readonly choices: ExportChoices; readonly changes: string[]; readonly source: object };
}

interface Bundled {
  readonly model: Model;
  readonly card: Card;
  readonly printed: string;
  readonly verification: Awaited<ReturnType<typeof exportVariant>>["verification"];
  readonly files: readonly string[];
  readonly out: string;
}

/** Exports, reads the bundle as a stranger would, and runs its own example program. */
async function bundled(project: Project, name: string, choices: Partial<ExportChoices>): Promise<Bundled> {
  const folder = temporaryFolder();
  const out = join(folder, "bundle");
  const made = await exportVariant(project, findVariant(project, name), { ...work, samples: 4, ...choices, out });
  const card = JSON.parse(readFileSync(join(out, "card.json"), "utf8")) as Card;
  symlinkSync(join(import.meta.dirname, "..", "..", "node_modules"), join(folder, "node_modules"));
  const { stdout, stderr } = spawnSync(process.execPath, [join(out, "run.mjs")], { encoding: "utf8" });
  const isOnnx = card.model.file.endsWith(".onnx");
  const read = isOnnx ? await readModel(join(out, card.model.file), nodeHost) : tinyModel();
  return { model: read, card, printed: stdout + stderr, verification: made.verification, files: made.files, out };
}

const edgesOf = ({ graph }: Model): string[] =>
  [...graph.inputs, ...graph.outputs].map((v) => `${v.name} ${describeType(v.type)}`);

describe("exportVariant", () => {
  test("keeps the bytes where nobody chooses anything, and says so", async () => {
    const { project } = await tinyProject();
    const { sha256 } = baselineOf(project).model;
    const { card, verification, out } = await bundled(project, "tiny", {});
    expect(card.model).toMatchObject({ file: "model.onnx", sha256, opset: 17 });
    expect(card.export).toMatchObject({ changes: [], source: { sha256, opset: 17 } });
    expect(verification).toMatchObject({ sha256, parity: { largest: 0, allowed: 0, agreement: 1 } });
    expect(readFileSync(join(out, "README.md"), "utf8")).toContain("The file is the project's own, byte for byte.");
    const same = await planExport(project, baselineOf(project), { ...work, format: "inline", opset: 17 });
    expect([same.changes, same.files]).toEqual([[], [{ name: "model.onnx", bytes: baselineOf(project).model.bytes }]]);
    project.store.close();
  });

  test("brings a model to another operator set, renames, fixes the batch and tidies, all at once", async () => {
    const { project } = await tinyProject();
    const before = readFileSync(project.store.artifacts.path(baselineOf(project).model));
    const choices: Partial<ExportChoices> = {
      format: "external",
      opset: 21,
      batch: "8",
      rename: ["image=pixels", "scores=image"],
      file: "net",
      texts: "tidy",
    };
    const plan = await planExport(project, baselineOf(project), { ...work, ...choices });
    const { model: written, card, printed, verification, files, out } = await bundled(project, "tiny", choices);
    expect(written.opsets).toEqual({ "": 21 });
    expect(edgesOf(written)).toEqual(["pixels float32[8,1,8,8]", "image float32[8,3]"]);
    expect(written.graph.nodes.every((n) => n.name === "")).toBe(true);
    expect(printed).toBe("image: [8, 3]\nlargest difference: 0\n");
    expect(verification.parity).toMatchObject({ samples: 8, agreement: 1 });
    expect(verification.parity.largest).toBeLessThanOrEqual(verification.parity.allowed);
    expect(verification.latency.exported.batch).toBe(8);
    expect(verification.accuracy?.samples).toBe(60);
    expect(card.export.choices).toMatchObject(choices);
    expect(card.export.changes).toEqual([
      "Is brought from operator set 17 to 21.",
      "Fixes the samples in a call: 8.",
      "Renames: image → pixels, scores → image.",
      "Leaves out documentation, metadata and names of nodes.",
    ]);
    expect(card.model.sha256).toBe(verification.sha256);
    expect(plan).toMatchObject({
      opset: { before: 17, after: 21 },
      irVersion: { before: 8, after: 10 },
      inputs: [
        {
          before: { name: "image", type: "float32[batch,1,8,8]" },
          after: { name: "pixels", type: "float32[8,1,8,8]" },
        },
      ],
      outputs: [{ after: { name: "image", type: "float32[8,3]" } }],
      changes: card.export.changes,
      notes: ["No constant takes more than 1 KiB, so all of them stay inside of the model's file."],
      problems: [],
    });
    for (const { name, bytes } of plan.files) expect(readFileSync(join(out, name)).byteLength, name).toBe(bytes);
    expect([...plan.files.map((f) => f.name), ...plan.others].toSorted()).toEqual([...files].toSorted());
    expect(readFileSync(project.store.artifacts.path(baselineOf(project).model)).equals(before)).toBe(true);
    project.store.close();
  });

  test("moves weights out and in again without touching a bit of them", async () => {
    const { project } = await tinyProject();
    const large = largeModel();
    const file = join(temporaryFolder(), "large.onnx");
    await writeModel(large, file, { host: nodeHost });
    await importModel(project, file, { ...work, name: "large" });
    const out = await bundled(project, "large", { format: "external" });
    expect(out.files).toContain("model.onnx.data");
    expect(out.verification.parity).toMatchObject({ largest: 0, allowed: 0 });
    expect([...tensorsOf(out.model)].filter((t) => t.data.kind === "external").map((t) => t.name)).toEqual(["conv.w"]);
    expect(Object.keys(out.card.model.external)).toEqual(["model.onnx.data"]);
    await importModel(project, join(out.out, "model.onnx"), { ...work, name: "outside" });
    const plan = await planExport(project, findVariant(project, "outside"), { ...work, format: "inline" });
    const back = await bundled(project, "outside", { format: "inline" });
    expect([...tensorsOf(back.model)].every((t) => t.data.kind === "bytes")).toBe(true);
    expect(back.verification).toMatchObject({ parity: { largest: 0, allowed: 0 }, bytes: plan.files[0]?.bytes });
    project.store.close();
  });

  test("sets a fixed batch free, and gives for many samples what the model gives one by one", async () => {
    const { project } = await tinyProject();
    const { out } = await bundled(project, "tiny", { batch: "1" });
    await importModel(project, join(out, "model.onnx"), { ...work, name: "single" });
    const free = await bundled(project, "single", { batch: "N" });
    expect(edgesOf(free.model)).toEqual(["image float32[N,1,8,8]", "scores float32[N,3]"]);
    expect(free.verification.parity.samples).toBe(4);
    expect(free.printed).toBe("scores: [4, 3]\nlargest difference: 0\n");
    const four = await bundled(project, "single", { batch: "4" });
    expect(four.printed).toBe("scores: [4, 3]\nlargest difference: 0\n");
    await importModel(project, join(four.out, "model.onnx"), { ...work, name: "four" });
    // The model is called with four samples, of which three are compared.
    const three = await bundled(project, "four", { batch: "3" });
    expect(three.printed).toBe("scores: [3, 3]\nlargest difference: 0\n");
    expect(three.verification.parity.samples).toBe(3);
    project.store.close();
  });

  test("fixes sizes of a model with two inputs that swap their names", async () => {
    const { project } = await tinyProject();
    const file = join(temporaryFolder(), "pair.onnx");
    const pair = model(
      graph({
        inputs: [value("a", "float32", ["batch", "length"]), value("b", "float32", ["batch", 1])],
        outputs: [value("y", "float32", ["batch", "length"])],
        nodes: [node("Sub", [["a", "b"], ["y"]])],
      }),
    );
    await writeModel(pair, file, { host: nodeHost });
    await importModel(project, file, { ...work, name: "pair" });
    const choices = { sizes: ["length=24"], batch: "N", rename: ["a=b", "b=a"] };
    const swapped = await bundled(project, "pair", choices);
    expect(edgesOf(swapped.model)).toEqual(["b float32[N,24]", "a float32[N,1]", "y float32[N,24]"]);
    expect(swapped.model.graph.nodes[0]?.inputs).toEqual(["b", "a"]);
    expect(swapped.printed).toBe("y: [4, 24]\nlargest difference: 0\n");
    project.store.close();
  });

  test("writes ONNX Runtime's own format, which loads and gives the same within the tolerance that is told", async () => {
    const { project } = await tinyProject();
    const { files, card, printed, verification } = await bundled(project, "tiny", { format: "ort" });
    expect(files).toContain("model.ort");
    expect(files.filter((f) => f.endsWith(".onnx"))).toEqual([]);
    expect(card.model.file).toBe("model.ort");
    expect(printed).toBe("scores: [4, 3]\nlargest difference: 0\n");
    expect(verification.parity.allowed).toBeGreaterThan(0);
    project.store.close();
  });

  test("half precision has a tolerance of its own", async () => {
    const { project } = await tinyProject();
    await runMethod(
      project,
      { method: "convert-fp16", params: {}, seed: 0, threads: 1 },
      { ...work, from: "tiny", name: "half" },
    );
    const { verification } = await bundled(project, "half", { opset: 21 });
    expect(verification.parity.allowed).toBeGreaterThanOrEqual(2 ** -9);
    expect(verification.parity.largest).toBeLessThanOrEqual(verification.parity.allowed);
    project.store.close();
  });

  test("an INT8 model keeps its answers at a newer operator set", async () => {
    const { project } = await tinyProject();
    await runMethod(
      project,
      { method: "quantize-static", params: { samples: 32 }, seed: 0, threads: 1 },
      { ...work, from: "tiny", name: "small" },
    );
    const { model: newer, verification } = await bundled(project, "small", { opset: 21 });
    expect(newer.opsets[""]).toBe(21);
    expect(verification.parity).toMatchObject({ largest: 0, agreement: 1 });
    project.store.close();
  });
});

/** The tiny model with a kernel that is worth a file of its own. */
function largeModel(): Model {
  const tiny = tinyModel();
  const [first] = tiny.graph.initializers;
  const bytes = new Uint8Array(Float32Array.from({ length: 8 * 7 * 7 }, (_, i) => Math.sin(i)).buffer);
  const kernel = { ...first!, name: "conv.w", dims: [8, 1, 7, 7], data: { kind: "bytes", bytes } } as const;
  const nodes = tiny.graph.nodes.map((n) =>
    n.op === "Conv"
      ? {
          ...n,
          inputs: n.inputs.map((name) => (name === first?.name ? "conv.w" : name)),
          attributes: { pads: { kind: "ints", value: [3n, 3n, 3n, 3n] } } as const,
        }
      : n,
  );
  const initializers = tiny.graph.initializers.map((t) => (t === first ? kernel : t));
  return { ...tiny, graph: { ...tiny.graph, nodes, initializers } };
}
