import type { Attribute } from "../graph/model.ts";
import type { AttributeProto } from "./generated/onnx_pb.ts";

export type StoredKind = Exclude<Attribute["kind"], "reference" | "none">;

/** For each kind of attribute: its code in `AttributeProto.AttributeType`, and the field that holds its value. */
export const ATTRIBUTE_KINDS = {
  float: { code: 1, field: "f" },
  int: { code: 2, field: "i" },
  string: { code: 3, field: "s" },
  tensor: { code: 4, field: "t" },
  graph: { code: 5, field: "g" },
  floats: { code: 6, field: "floats" },
  ints: { code: 7, field: "ints" },
  strings: { code: 8, field: "strings" },
  tensors: { code: 9, field: "tensors" },
  graphs: { code: 10, field: "graphs" },
  "sparse-tensor": { code: 11, field: "sparseTensor" },
  "sparse-tensors": { code: 12, field: "sparseTensors" },
  type: { code: 13, field: "tp" },
  types: { code: 14, field: "typeProtos" },
} as const satisfies Record<StoredKind, { code: number; field: keyof AttributeProto }>;

const BY_CODE = new Map<number, StoredKind>(
  (Object.keys(ATTRIBUTE_KINDS) as StoredKind[]).map((kind) => [ATTRIBUTE_KINDS[kind].code, kind]),
);

export const kindOfCode = (code: number): StoredKind | undefined => BY_CODE.get(code);

/** The kinds whose field is set; a well-formed attribute has at most one. */
export function presentKinds(proto: AttributeProto): readonly StoredKind[] {
  return (Object.keys(ATTRIBUTE_KINDS) as StoredKind[]).filter((kind) => {
    const value = proto[ATTRIBUTE_KINDS[kind].field];
    return Array.isArray(value) ? value.length > 0 : value !== undefined;
  });
}
