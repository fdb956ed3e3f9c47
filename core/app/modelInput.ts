import { LatheError } from "../base/error.ts";
import type { ModelInput } from "../data/suggest.ts";
import type { Model } from "../graph/model.ts";

/** The input that samples go into: the first that is not a constant. */
export function inputOf({ graph }: Model): ModelInput {
  const constants = new Set(graph.initializers.map((t) => t.name));
  const input = graph.inputs.find((v) => !constants.has(v.name));
  if (input?.type?.kind !== "tensor") {
    throw new LatheError("unsupported", `The model's input "${input?.name ?? ""}" is not a tensor of numbers.`, {
      hint: "Samples can only go into a tensor.",
    });
  }
  return { type: input.type.type, dims: (input.type.dims ?? []).map((d) => d.size) };
}
