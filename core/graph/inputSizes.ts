import type { Dim, Graph, Model, Value } from "./model.ts";

/** The inputs that are fed: those that no constant fills. */
export function fedInputs({ inputs, initializers }: Graph): readonly Value[] {
  const constants = new Set(initializers.map((t) => t.name));
  return inputs.filter((v) => !constants.has(v.name));
}

const dimsOf = ({ type }: Value): readonly Dim[] | undefined => (type?.kind === "tensor" ? type.dims : undefined);

/**
 * A model of one input with the sizes of a sample in place of those that it leaves open; the batch stays as it is. The
 * same model where nothing is open, or where the sample does not fit.
 * @param sample sizes of one sample, without the batch
 */
export function bindInput(model: Model, sample: readonly number[]): Model {
  const [input, ...others] = fedInputs(model.graph);
  const dims = input && dimsOf(input);
  if (input === undefined || dims === undefined || others.length > 0 || dims.length !== sample.length + 1) return model;
  const inner = dims.slice(1);
  const isOpen = inner.some(({ size }) => typeof size !== "number");
  const fits = inner.every(({ size }, i) => typeof size !== "number" || size === sample[i]);
  if (!isOpen || !fits) return model;
  return withInputDims(model, input.name, [dims[0]!, ...inner.map((d, i) => ({ ...d, size: sample[i]! }))]);
}

/** A model with the open sizes of another one's input, which has the same name, type and number of dimensions. */
export function releaseInput(model: Model, open: Model): Model {
  const [input, wanted] = [fedInputs(model.graph)[0], fedInputs(open.graph)[0]];
  const [own, dims] = [input && dimsOf(input), wanted && dimsOf(wanted)];
  if (input === undefined || wanted?.name !== input.name || own?.length !== dims?.length || dims === undefined)
    return model;
  return withInputDims(model, input.name, [own![0]!, ...dims.slice(1)]);
}

function withInputDims(model: Model, name: string, dims: readonly Dim[]): Model {
  const inputs = model.graph.inputs.map((v) =>
    v.name === name && v.type?.kind === "tensor" ? Object.freeze({ ...v, type: { ...v.type, dims } }) : v,
  );
  return Object.freeze({ ...model, graph: Object.freeze({ ...model.graph, inputs }) });
}
