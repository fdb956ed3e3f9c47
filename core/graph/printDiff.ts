import { elementsText, isSame, labelText } from "./diff.ts";
import type { Change, Difference, GraphDiff, ModelDiff } from "./diffTypes.ts";

/** A diff as text: `+` added, `-` removed, `~` changed. */
export function printDiff(diff: ModelDiff): string {
  if (diff.same) return "The models are the same.\n";
  const lines = [
    ...diff.properties.map((change) => `~ ${changeText(change)}`),
    ...printGraphDiff(diff.graph),
    ...listed(diff.functions, "function", (name) => name),
    ...diff.functions.changed.flatMap(({ name, diff: inner }) => [
      `~ function ${name}`,
      ...indent(printGraphDiff(inner)),
    ]),
    ...summary(diff.graph),
  ];
  return `${lines.join("\n")}\n`;
}

function printGraphDiff(diff: GraphDiff): string[] {
  return [
    ...listed(diff.inputs, "input", (name) => name),
    ...diff.inputs.changed.map((change) => `~ input ${changeText(change)}`),
    ...listed(diff.outputs, "output", (name) => name),
    ...diff.outputs.changed.map((change) => `~ output ${changeText(change)}`),
    ...listed(diff.nodes, "node", labelText),
    ...diff.nodes.changed.flatMap((node) => [
      `~ node ${labelText(node)}${node.changes.length > 0 ? `: ${node.changes.map(changeText).join("; ")}` : ""}`,
      ...node.bodies.flatMap(({ attribute, diff: inner }) =>
        indent([`in ${attribute}:`, ...indent(printGraphDiff(inner))]),
      ),
    ]),
    ...listed(diff.weights, "weight", (name) => name),
    ...diff.weights.changed.map(({ name, changes, elements }) => {
      const facts = [...changes.map(changeText), ...(elements === undefined ? [] : [elementsText(elements)])];
      return `~ weight ${name}: ${facts.join("; ")}`;
    }),
    ...diff.unread.map((name) => `? weight ${name}: in different files, not read`),
  ];
}

function listed<T>({ added, removed }: Difference<T, unknown>, kind: string, text: (item: T) => string): string[] {
  return [...removed.map((item) => `- ${kind} ${text(item)}`), ...added.map((item) => `+ ${kind} ${text(item)}`)];
}

function changeText({ what, before, after }: Change): string {
  if (before === undefined && after === undefined) return `${what} differs`;
  if (before === undefined) return `${what} added: ${after ?? ""}`;
  if (after === undefined) return `${what} removed: ${before}`;
  return `${what} ${before || '""'} → ${after || '""'}`;
}

function summary(graph: GraphDiff): string[] {
  if (isSame(graph)) return [];
  const count = ({ added, removed, changed }: Difference<unknown, unknown>): string =>
    `${added.length} added, ${removed.length} removed, ${changed.length} changed`;
  return [`nodes: ${count(graph.nodes)}; weights: ${count(graph.weights)}`];
}

const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);
