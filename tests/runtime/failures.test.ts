import { describe, expect, it } from "vitest";
import { LatheError } from "../../core/base/error.ts";
import { loadError, runError } from "../../core/runtime/failures.ts";

const status = "Non-zero status code returned while running Conv node. Name:'opset_conv' Status Message:";

describe("a failure of a run", () => {
  it.each(["std::bad_alloc", "Failed to allocate memory for requested buffer of size 8589934592"])(
    "is for want of memory where the runtime says %s",
    (said) => {
      expect(runError(new Error(`${status} ${said}`), "the model")).toMatchObject({
        code: "device",
        message: `ONNX Runtime ran out of memory and failed in the model: ${status} ${said}`,
        hint: "Take a smaller batch or free some memory.",
      });
    },
  );

  it("has no source positions of the runtime's", () => {
    const said = "/build/onnxruntime/core/framework/op_kernel.cc:101 Unsupported data type";
    expect(runError(new Error(said), "the model").message).toBe(
      "ONNX Runtime failed in the model: Unsupported data type",
    );
  });

  it("of our own stays as it is", () => {
    const own = new LatheError("cancelled", "Cancelled.");
    expect(runError(own, "the model")).toBe(own);
  });
});

describe("a failure to load", () => {
  const at = { name: '"opset.onnx"', provider: "cpu" };

  it("is judged by what the runtime says, not by the model's name", () => {
    expect(loadError(new Error("Protobuf parsing failed."), at)).toMatchObject({
      code: "invalid-model",
      message: 'ONNX Runtime cannot load "opset.onnx": Protobuf parsing failed.',
    });
    expect(loadError(new Error("Something new"), at)).toMatchObject({ code: "not-runnable" });
    expect(loadError(new Error("Something new"), at).hint).toMatch(/^If the model runs in other tools/);
    expect(loadError(new Error("ONNX Runtime only guarantees support for opset 23"), at).hint).toMatch(/opset/);
  });

  it("names a provider that is not there", () => {
    expect(loadError(new Error("no available backend found."), { ...at, provider: "cuda" })).toMatchObject({
      code: "device",
      message: 'The execution provider "cuda" is not available here: no available backend found.',
    });
  });
});
