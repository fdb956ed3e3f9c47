import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { importModel } from "../../core/app/importModel.ts";
import { measureVariants } from "../../core/app/measureVariants.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { createProject } from "../../core/app/project.ts";
import { importData } from "../../core/app/projectData.ts";
import { CIFAR } from "../cifar.ts";
import { sharedData, sharedNote } from "../shared.ts";
import { quietWork, temporaryFolder } from "./fixtures.ts";

describe.skipIf(sharedData === undefined)(`public ResNets and CIFAR-10${sharedNote}`, () => {
  it.each([
    ["resnet20", 0.915],
    ["resnet32", 0.928],
  ])("%s comes in with no option and is as accurate as published", async (name, top1) => {
    const project = await createProject(join(temporaryFolder(), "project"), {}, nodeHost);
    const shared = sharedData ?? "";
    const model = await importModel(project, join(shared, `models/cifar10-resnets/${name}.onnx`), quietWork());
    const { data } = await importData(project, join(shared, "datasets/cifar10-5k"), quietWork());
    expect(data.preparation?.trial).toMatchObject({ outcome: "found", guess: "zero-one", taken: "imagenet" });
    expect(data.preprocessing).toEqual(CIFAR);
    const [measured] = await measureVariants(project, [model], { ...quietWork(), runs: 1 });
    expect(measured?.measurements?.accuracy?.top1).toBeCloseTo(top1, 3);
    project.store.close();
  });
});
