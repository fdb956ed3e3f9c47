import type { ModelPart, PartChange } from "../../core/contract/modelView.ts";
import type { LayoutNode } from "./layout.ts";

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

/** The lines in which a part is drawn: what it is, its name, and one fact about it. */
export function linesOf(part: ModelPart, value: string | undefined): readonly string[] {
  const { form, label, op, ops, input, output, isOpen } = part;
  if (isOpen) return [label];
  if (form === "op") return [op, label, value ?? (input === undefined ? (output ?? "") : `in ${input}`)];
  if (form === "input" || form === "output") return [op, label, output ?? input ?? ""];
  return [label, op, value ?? `${ops} ops`];
}

/**
 * "Conv conv1, in 1×3×224×224, int8": what is drawn, word for word, and what else is known.
 * @param lines as they are seen, so that who says what they see is understood
 */
export function describePart(part: ModelPart, lines: readonly string[]): string {
  const { form, ops, input, type, change } = part;
  const isBlock = form !== "op" && form !== "input" && form !== "output";
  const [first = "", second, ...rest] = lines.filter((l) => l !== "");
  const head = isBlock ? [`${FORMS[form]} ${first}`, second] : [second === undefined ? first : `${first} ${second}`];
  const facts = [
    change && changeMark(change)?.text,
    isBlock && !lines.includes(`${ops} ops`) ? `${ops} ops` : undefined,
    input === undefined || lines.includes(`in ${input}`) || form === "output" ? undefined : `in ${input}`,
    type,
    change && changeWords(change),
  ];
  return [...head, ...rest, ...facts].filter((f) => f !== undefined && f !== "").join(", ");
}

/** The most telling of what differs, as a sign and a word. */
export function changeMark({
  added,
  removed,
  changed,
}: PartChange): { readonly kind: keyof PartChange; readonly text: string } | undefined {
  const total = added + removed + changed;
  const count = total > 1 ? ` ${total}` : "";
  if (removed > 0 && added + changed === 0) return { kind: "removed", text: `−${count} removed` };
  if (added > 0 && removed + changed === 0) return { kind: "added", text: `+${count} added` };
  return total === 0 ? undefined : { kind: "changed", text: `≠${count} changed` };
}

/** Of several kinds, each with its count; one kind is said by the mark. */
function changeWords({ added, removed, changed }: PartChange): string {
  const all = [
    added > 0 ? `${added} added` : "",
    removed > 0 ? `${removed} removed` : "",
    changed > 0 ? `${changed} changed` : "",
  ];
  const said = all.filter((t) => t !== "");
  return said.length > 1 ? said.join(", ") : "";
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
