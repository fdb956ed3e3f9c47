import { formatBytes, formatCount, formatFixed } from "../base/format.ts";
import type { Layer } from "../contract/measurement.ts";
import type { Variant } from "../contract/project.ts";
import type { ReportBlock, TableCell } from "../contract/report.ts";

/** Where time and weights go: layers of all variants side by side, then every node of each one. */
export function layerBlocks(variants: readonly Variant[]): ReportBlock[] {
  const measured = variants.filter((v) => (v.measurements?.layers.length ?? 0) > 0);
  if (measured.length === 0) return [];
  return [
    { kind: "heading", level: 2, text: "Layers" },
    {
      kind: "text",
      text: "Milliseconds per call from the runtime's profiler, traced back to the nodes of each model. Nodes that the runtime merged into another one have no time of their own. Profiling slows small models down: compare layers with each other, not with the latency above.",
    },
    ...(measured.length > 1 ? [sideBySide(measured)] : []),
    ...measured.map((v) => everyNode(v)),
  ];
}

const layersOf = (variant: Variant): readonly Layer[] => variant.measurements?.layers ?? [];

/** Layers with weights or multiplications, matched by name; all other nodes in one row. */
function sideBySide(variants: readonly Variant[]): ReportBlock {
  const [base] = variants;
  // What is merged into other layers everywhere, as batch normalisation is, would only be empty rows.
  const timed = new Set(variants.flatMap((v) => layersOf(v).flatMap((l) => (l.time === undefined ? [] : [l.node]))));
  const main = base === undefined ? [] : layersOf(base).filter((l) => l.macs > 0 && timed.has(l.node));
  const names = new Set(main.map((l) => l.node));
  const rows = main.map((layer): TableCell[] => [
    { text: layer.node },
    { text: layer.op },
    { text: formatCount(layer.macs), value: layer.macs },
    { text: formatCount(layer.parameters), value: layer.parameters },
    ...variants.map((v): TableCell => {
      const own = layersOf(v).find((l) => l.node === layer.node);
      return own === undefined ? { text: "—" } : timeCell(own.time, own.weightType);
    }),
  ]);
  const rest = variants.map((v): TableCell => {
    const others = layersOf(v).filter((l) => !names.has(l.node) && l.time !== undefined);
    return timeCell(
      others.reduce((sum, l) => sum + (l.time ?? 0), 0),
      others.length === 1 ? "1 node" : `${others.length} nodes`,
    );
  });
  const total = variants.map((v) =>
    timeCell(
      layersOf(v).reduce((sum, l) => sum + (l.time ?? 0), 0),
      undefined,
    ),
  );
  const blank = [{ text: "" }, { text: "" }, { text: "" }];
  return {
    kind: "table",
    title: "Layers side by side",
    collapsed: main.length > 12,
    columns: [
      { title: "Layer", align: "start" },
      { title: "Op", align: "start" },
      { title: "MACs", align: "end" },
      { title: "Parameters", align: "end" },
      ...variants.map((v) => ({ title: v.name, unit: "ms", align: "end" as const })),
    ],
    rows: [...rows, [{ text: "Everything else" }, ...blank, ...rest], [{ text: "Together" }, ...blank, ...total]],
  };
}

function timeCell(time: number | undefined, note: string | undefined): TableCell {
  if (time === undefined) return { text: "—", ...(note !== undefined && { note }) };
  return { text: formatFixed(time, 3), value: time, ...(note !== undefined && { note }) };
}

function everyNode(variant: Variant): ReportBlock {
  const layers = layersOf(variant);
  const total = layers.reduce((sum, l) => sum + (l.time ?? 0), 0);
  return {
    kind: "table",
    title: `Nodes of ${variant.name}`,
    collapsed: true,
    columns: [
      { title: "Node", align: "start" },
      { title: "Op", align: "start" },
      { title: "Output", align: "start" },
      { title: "MACs", align: "end" },
      { title: "Parameters", align: "end" },
      { title: "Weights", align: "end" },
      { title: "Time", unit: "ms", align: "end" },
      { title: "Share", unit: "%", align: "end" },
    ],
    rows: layers.map((l) => [
      { text: l.node },
      { text: l.op },
      { text: l.outputShape?.join("×") ?? "" },
      l.macs === 0 ? { text: "" } : { text: formatCount(l.macs), value: l.macs },
      l.parameters === 0 ? { text: "" } : { text: formatCount(l.parameters), value: l.parameters },
      l.weightBytes === 0
        ? { text: "" }
        : {
            text: formatBytes(l.weightBytes),
            value: l.weightBytes,
            ...(l.weightType !== undefined && { note: l.weightType }),
          },
      l.time === undefined ? { text: "" } : { text: formatFixed(l.time, 3), value: l.time },
      l.time === undefined || total === 0
        ? { text: "" }
        : { text: formatFixed((100 * l.time) / total, 1), value: (100 * l.time) / total },
    ]),
  };
}
