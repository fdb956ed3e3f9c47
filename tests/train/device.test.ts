import { expect, test } from "vitest";
import { providerName } from "../../core/contract/device.ts";
import { describeTraining, isLoweredOn } from "../../core/train/device.ts";

test("graphs are lowered for the CPU alone", () => {
  expect(providerName.options.filter(isLoweredOn)).toEqual(["cpu"]);
});

test("what a training uses is said for each device", () => {
  expect(describeTraining("cpu", 16)).toBe("a lowered graph: convolutions in blocks of 16 channels");
  expect(describeTraining("cpu", undefined)).toBe(
    "the plain graph: the runtime has no blocked convolutions for this processor",
  );
  expect(describeTraining("webgpu", 16)).toBe(
    "the plain graph; weights and optimiser state stay on the device between steps",
  );
  expect(describeTraining("cuda", 16)).toBe(
    "the plain graph; weights and optimiser state are copied to the device and back at every step",
  );
});
