import { floatOf, intOf, intsOf } from "../../graph/attributes.ts";
import { floatTensor, intTensor, node as makeNode } from "../../graph/build.ts";
import type { Node } from "../../graph/model.ts";
import { refusedWhere, textOf, withAttribute, withInput, without, type Rewrite, type VersionChange } from "./change.ts";

/** Changes of form that are more than one attribute, each with the way there and back as far as there is one. */

const refuse =
  (reason: string): Rewrite =>
  () =>
    reason;

/**
 * Before opset 13 all axes from `axis` on were one. Where the last one is meant that is the same as today; elsewhere a
 * matrix is made of the axes before and from there on, and its rows take part.
 */
export const flattenedAxis: VersionChange = {
  since: 13,
  up: (node, around) => {
    const axis = intOf(node, "axis", 1);
    if (axis === -1) return [node];
    const [x = ""] = node.inputs;
    const [shape = "", matrix = "", rows = ""] = ["shape", "matrix", "rows"].map((part) =>
      around.fresh(`${node.name}.${part}`),
    );
    const back = makeNode("Reshape", [[rows, shape], [node.outputs[0] ?? ""]]);
    return [
      makeNode("Shape", [[x], [shape]]),
      makeNode("Flatten", [[x], [matrix]], { attributes: { axis } }),
      Object.freeze({ ...makeNode(node.op, [[matrix], [rows]], { attributes: { axis: -1 } }), name: node.name }),
      Object.freeze({ ...back, name: around.fresh(`${node.name}.back`) }),
    ];
  },
  down: (node) =>
    intOf(node, "axis", -1) === -1
      ? [withAttribute(node, "axis", { kind: "int", value: -1n })]
      : "before opset 13 its axis means all axes from there on",
};

/** The same for an op that no model in use puts on several axes. */
export const singleAxis: VersionChange = {
  since: 13,
  up: (node) => (intOf(node, "axis", 1) === -1 ? [node] : "opset 13 changed what its axis means"),
  down: flattenedAxis.down,
};

export const spatialStatistics: VersionChange = {
  since: 9,
  up: (node) =>
    intOf(node, "spatial", 1) === 1 ? [without(node, "spatial")] : "statistics per element are gone since opset 9",
  down: (node) => [node],
};

/** Before opset 14 further outputs meant training; since then an attribute does. */
export const trainingOutputs: VersionChange = refusedWhere(14, (node) =>
  node.outputs.slice(1).some((name) => name !== "")
    ? "its further outputs are for training, which opset 14 changed"
    : undefined,
);

/** The ratio became an input; outside of training it says nothing. */
export const dropoutRatio: VersionChange = {
  since: 12,
  up: (node) => [without(node, "ratio")],
  down: (node) =>
    node.inputs.slice(2).some((name) => name !== "")
      ? "opset 12 brought its input 3"
      : (node.outputs[1] ?? "") !== ""
        ? "opset 12 changed what its mask is"
        : [Object.freeze({ ...without(node, "seed"), inputs: node.inputs.slice(0, 1) })],
};

export const clipBounds: VersionChange = {
  since: 11,
  up: (node, around) => {
    const inputs = [node.inputs[0] ?? ""];
    for (const [slot, name] of [
      [1, "min"],
      [2, "max"],
    ] as const) {
      if (node.attributes[name] === undefined) inputs[slot] = "";
      else {
        const made = around.fresh(`${node.name}.${name}`);
        around.add(floatTensor(made, [], [floatOf(node, name, 0)]));
        inputs[slot] = made;
      }
    }
    return [Object.freeze({ ...without(without(node, "min"), "max"), inputs })];
  },
  down: refuse("before opset 11 its bounds were attributes"),
};

export const padInputs: VersionChange = {
  since: 11,
  up: (node, around) => {
    const [pads, value] = ["pads", "value"] as const;
    const amounts = intsOf(node, pads) ?? [];
    const made = around.fresh(`${node.name}.${pads}`);
    around.add(intTensor(made, [amounts.length], amounts));
    const fill = around.fresh(`${node.name}.${value}`);
    around.add(floatTensor(fill, [], [floatOf(node, value, 0)]));
    return [withInput(withInput(without(without(node, pads), value), 1, made), 2, fill)];
  },
  down: refuse("before opset 11 its amounts were attributes"),
};

export const sliceInputs: VersionChange = {
  since: 10,
  up: (node, around) => {
    const starts = intsOf(node, "starts") ?? [];
    const parts = [starts, intsOf(node, "ends") ?? [], intsOf(node, "axes") ?? starts.map((_, i) => i)];
    let made = node;
    for (const [i, name] of ["starts", "ends", "axes"].entries()) {
      const numbers = parts[i] ?? [];
      const constant = around.fresh(`${node.name}.${name}`);
      around.add(intTensor(constant, [numbers.length], numbers));
      made = withInput(without(made, name), i + 1, constant);
    }
    return [made];
  },
  down: refuse("before opset 10 its bounds were attributes"),
};

export const topCount: VersionChange = {
  since: 10,
  up: (node, around) => {
    const made = around.fresh(`${node.name}.k`);
    around.add(intTensor(made, [1], [intOf(node, "k", 1)]));
    return [withInput(without(node, "k"), 1, made)];
  },
  down: refuse("before opset 10 its count was an attribute"),
};

/** Since opset 18 a split into equal parts says how many there are. */
export const splitCount: VersionChange = {
  since: 18,
  up: (node) =>
    (node.inputs[1] ?? "") !== ""
      ? [node]
      : [withAttribute(node, "num_outputs", { kind: "int", value: BigInt(node.outputs.length) })],
  down: (node) => [without(node, "num_outputs")],
};

/** Before opset 16 it was "output_half_pixel" always. */
export const roiPixels: VersionChange = {
  since: 16,
  up: (node) => [
    withAttribute(node, "coordinate_transformation_mode", {
      kind: "string",
      value: new TextEncoder().encode("output_half_pixel"),
    }),
  ],
  down: (node) =>
    textOf(node, "coordinate_transformation_mode") === "output_half_pixel"
      ? [without(node, "coordinate_transformation_mode")]
      : 'before opset 16 its coordinates are "output_half_pixel" only',
};

const LONG = { linear: "bilinear", cubic: "bicubic" } as const;

/** Opset 20 gave two modes shorter names. */
export const sampleModes: VersionChange = {
  since: 20,
  up: (node) => renamedMode(node, Object.fromEntries(Object.entries(LONG).map(([short, long]) => [long, short]))),
  down: (node) => renamedMode(node, LONG),
};

function renamedMode(node: Node, names: Readonly<Record<string, string>>): readonly Node[] {
  const to = names[textOf(node, "mode") ?? ""];
  return to === undefined
    ? [node]
    : [withAttribute(node, "mode", { kind: "string", value: new TextEncoder().encode(to) })];
}

export const scattered: VersionChange = {
  since: 11,
  up: (node) => [Object.freeze({ ...node, op: "ScatterElements" })],
  down: refuse("opset 11 gave it another name"),
};

/** Before opset 13 scales were single numbers. */
export const scalePerChannel: VersionChange = {
  since: 13,
  up: (node) => [node],
  down: (node, around) => {
    const scale = around.constant(node.inputs[1] ?? "");
    return scale?.dims.length === 0
      ? [without(node, "axis")]
      : "before opset 13 its scale would have to be a constant single number";
  },
};

/** Windows that begin in the padding: older definitions count them. They exist only where sizes are rounded up. */
export function roundedUp(since: number): VersionChange {
  return refusedWhere(since, (node) =>
    intOf(node, "ceil_mode", 0) === 1 ? `opset ${since} changed which windows count where ceil_mode is set` : undefined,
  );
}

/** A mode that opset 13 took away. */
export const halfPixelForNet: VersionChange = refusedWhere(13, (node) =>
  textOf(node, "coordinate_transformation_mode") === "tf_half_pixel_for_nn"
    ? 'opset 13 has no coordinates "tf_half_pixel_for_nn"'
    : undefined,
);
