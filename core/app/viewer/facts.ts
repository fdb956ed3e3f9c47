import { elementCount } from "../../base/array.ts";
import type { EndFacts, PartFacts } from "../../contract/modelView.ts";
import { describeAttribute, describeTensor } from "../../graph/describe.ts";
import type { Attribute } from "../../graph/model.ts";
import type { ModelParts, Part } from "../../graph/parts.ts";
import { tensorBytes } from "../../measure/weights.ts";
import { constantsOf } from "./constants.ts";
import { foldFigures, type OpFigures } from "./figures.ts";
import { shapeText, type Opened } from "./opened.ts";
import { isCountable } from "./tensor.ts";
import { cut, shapesOf } from "./view.ts";

const LONGEST = 400;
const MOST_ENDS = 200;
const FEW_ELEMENTS = 8;

export interface FactsParts {
  readonly opened: Opened;
  readonly parts: ModelParts;
  readonly part: Part;
  readonly figures: OpFigures;
  /** What differs, by op. */
  readonly changes: ReadonlyMap<number, readonly string[]> | undefined;
}

/** Everything about one part. */
export function factsOf({ opened, parts, part, figures, changes }: FactsParts): PartFacts {
  const { flat } = parts;
  const first = part.ops[0] ?? -1;
  const node = part.form === "op" ? flat.ops[first]?.node : undefined;
  const around: Part[] = [];
  for (let at = parts.parents.get(part); at !== undefined; at = parts.parents.get(at)) around.unshift(at);
  const counts = new Map<string, number>();
  for (const i of part.ops) counts.set(flat.ops[i]!.node.op, (counts.get(flat.ops[i]!.node.op) ?? 0) + 1);
  const ends = endFacts(opened, figures);
  return {
    id: part.id,
    label: cut(part.label),
    form: part.form,
    name: node === undefined ? "" : cut(opened.ops[first]!.name, 1000),
    op: node === undefined ? "" : cut(node.op),
    domain: node?.domain ?? "",
    within: around.map(({ id, label }) => ({ id, label: cut(label) })),
    attributes: Object.entries(node?.attributes ?? {})
      .slice(0, MOST_ENDS)
      .map(([name, a]) => ({ name: cut(name), value: attributeText(a) })),
    inputs: (node?.inputs ?? []).slice(0, MOST_ENDS).map(ends),
    outputs: (node?.outputs ?? []).slice(0, MOST_ENDS).map(ends),
    operators:
      part.form === "op" && part.ops.length === 1
        ? []
        : [...counts].map(([op, count]) => ({ op: cut(op), count })).toSorted((a, b) => b.count - a.count),
    figures: foldFigures(part, figures),
    ...(node?.doc !== undefined && node.doc !== "" && { doc: cut(node.doc, LONGEST) }),
    changes: part.form === "op" ? [...(changes?.get(first) ?? [])].map((t) => cut(t, LONGEST)) : [],
  };
}

function attributeText(attribute: Attribute): string {
  if (attribute.kind === "graph") return `graph of ${attribute.value.nodes.length} nodes`;
  return cut(describeAttribute(attribute), LONGEST);
}

function endFacts(opened: Opened, figures: OpFigures): (name: string, place: number) => EndFacts {
  const constants = constantsOf(opened.model);
  const shapeOf = shapesOf(opened, figures);
  return (name, place) => {
    if (name === "") return { place, name, kind: "omitted" };
    const constant = constants.get(name);
    if (constant === undefined) {
      const shape = shapeOf(name);
      const type = opened.values.get(name)?.type;
      return { place, name: cut(name), kind: "value", ...(type && { type }), ...(shape !== undefined && { shape }) };
    }
    const elements = elementCount(constant.dims);
    const isFew = elements <= FEW_ELEMENTS && constant.data.kind === "bytes";
    return {
      place,
      // Not cut: figures of it are asked for by this name.
      name,
      kind: "constant",
      type: constant.type,
      shape: shapeText(constant.dims),
      bytes: tensorBytes(constant),
      hasNumbers: elements > 1 && isCountable(constant.type),
      ...(isFew && { text: cut(describeTensor(constant).replace(/^.*? = /, "")) }),
    };
  };
}
