import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runMethod, type RunRequest } from "../../core/app/runMethod.ts";
import { measureVariants } from "../../core/app/measureVariants.ts";
import type { ProgressEvent } from "../../core/contract/event.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { readModel } from "../../core/onnx/read.ts";
import { quietWork, tinyProject } from "./fixtures.ts";

const request: RunRequest = {
  method: "train",
  params: { epochs: 8, batch: 16, rate: 0.1, crop: 1 },
  seed: 1,
  threads: 1,
};

test("trains a variant that is better than the one it came from, and again to the same bytes", async () => {
  const { project } = await tinyProject();
  try {
    const made = await runMethod(project, request, { ...quietWork(), from: "tiny" });
    const again = await runMethod(project, { recipe: made.recipe! }, quietWork());
    expect(made.parent).toBe("v1");
    expect(again.model).toEqual(made.model);
    const { metadata } = await readModel(project.store.artifacts.path(made.model), nodeHost);
    const prepared = project.store.data()[0]!.preprocessing;
    expect(JSON.parse(metadata?.["lathe.preprocessing"] ?? "null"), "it says how its samples were prepared").toEqual(
      prepared,
    );
    expect(made.findings).toMatchObject({ epoch: 8, extent: { batch: 16 }, parameters: 72 + 8 + 24 + 3 });
    const baseline = project.store.variants().find((v) => v.id === "v1")!;
    const [before, after] = await measureVariants(project, [baseline, made], quietWork());
    const accuracies = [before, after].map((v) => v?.measurements?.accuracy?.top1 ?? 0);
    expect(accuracies[1]!).toBeGreaterThan(accuracies[0]!);
  } finally {
    project.store.close();
  }
});

test("goes on where it was stopped, to the bytes of a run that was not, and tidies up", async () => {
  const { project } = await tinyProject();
  try {
    const whole = await runMethod(project, request, { ...quietWork(), from: "tiny" });
    const controller = new AbortController();
    const emit = (event: ProgressEvent): void => {
      if (event.kind === "stage" && event.name === "Epoch 4 of 8") controller.abort();
    };
    await expect(runMethod(project, request, { signal: controller.signal, emit, from: "tiny" })).rejects.toThrow(
      "Cancelled.",
    );
    const work = join(project.store.folder, "work");
    expect(readdirSync(work).length).toBe(1);
    const texts: string[] = [];
    const resumed = await runMethod(project, request, {
      ...quietWork(),
      emit: (event) => {
        if (event.kind === "message") texts.push(event.text);
      },
      from: "tiny",
    });
    expect(texts[0]).toMatch(/^Resuming in epoch 4, batch \d+\.$/);
    expect(resumed.model).toEqual(whole.model);
    expect(existsSync(work) ? readdirSync(work) : []).toEqual([]);
  } finally {
    project.store.close();
  }
});

test("says that a device is not there, and changes nothing", async () => {
  const { project } = await tinyProject();
  const missing = process.platform === "darwin" ? "dml" : "coreml";
  try {
    await expect(
      runMethod(project, { ...request, provider: missing }, { ...quietWork(), from: "tiny" }),
    ).rejects.toMatchObject({
      code: "device",
      message: expect.stringMatching(`^The execution provider "${missing}" is not available here: `) as string,
      hint: "Run `lathe doctor` to see what this machine has, or use the cpu provider.",
    });
    expect(project.store.variants().length).toBe(1);
  } finally {
    project.store.close();
  }
});

test("leaves nothing behind when the training diverges", async () => {
  const { project } = await tinyProject();
  try {
    const wild = { ...request, params: { ...request.params, rate: 1e20, schedule: "constant" } };
    await expect(runMethod(project, wild, { ...quietWork(), from: "tiny" })).rejects.toMatchObject({ code: "numeric" });
    expect(readdirSync(join(project.store.folder, "work"))).toEqual([]);
    expect(project.store.variants().length).toBe(1);
  } finally {
    project.store.close();
  }
});
