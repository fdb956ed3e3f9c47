import type { ModelPart } from "../../core/contract/modelView.ts";
import type { LayoutNode } from "./layout.ts";

/** Text that fits into so many characters. */
export function clipped(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, Math.max(1, characters - 1))}…`;
}

const FORMS: Readonly<Record<ModelPart["form"], string>> = {
  op: "",
  scope: "Block",
  layer: "Layer",
  branches: "Block",
  repeat: "Repeat",
  section: "Section",
  body: "Graph",
  input: "Input",
  output: "Output",
};

export const formWord = (form: ModelPart["form"]): string => FORMS[form];

/** "Conv conv1, in 1×3×224×224, int8" */
export function describePart(part: ModelPart, value?: string): string {
  const { form, label, op, ops, input, output, type, change } = part;
  const head = form === "op" ? `${op} ${label}` : `${FORMS[form]} ${label}`;
  const facts = [
    form !== "op" && ops > 0 ? `${ops} ops` : undefined,
    input === undefined ? (form === "op" || output === undefined ? undefined : `out ${output}`) : `in ${input}`,
    type,
    value,
    change && changeWords(change),
  ];
  return [head, ...facts.filter((f) => f !== undefined && f !== "")].join(", ");
}

export function changeWords({ added, removed, changed }: NonNullable<ModelPart["change"]>): string {
  const all = [
    added > 0 ? `${added} added` : "",
    removed > 0 ? `${removed} removed` : "",
    changed > 0 ? `${changed} changed` : "",
  ];
  return all.filter((t) => t !== "").join(", ");
}

const WIDTH = 172;

/** Parts as the layout takes them. */
export function layoutNodes(parts: readonly ModelPart[]): LayoutNode[] {
  return parts.map(({ id, within, form, isOpen, label }) => ({
    id,
    within,
    width: isOpen ? Math.min(320, Math.max(WIDTH, 70 + label.length * 7)) : WIDTH,
    height: form === "input" || form === "output" ? 56 : 58,
    isOpen,
  }));
}
