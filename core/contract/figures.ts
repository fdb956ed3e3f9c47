/** What a part can be coloured by. `fold` says what a block has of its ops. */
export const FIGURES = [
  { id: "parameters", title: "Parameters", unit: "", fold: "sum" },
  { id: "macs", title: "MACs", unit: "", fold: "sum" },
  { id: "time", title: "Latency", unit: "ms", fold: "sum" },
  { id: "bits", title: "Bits per weight", unit: "bits", fold: "mean" },
  { id: "sparsity", title: "Sparsity", unit: "%", fold: "mean" },
  { id: "sensitivity", title: "Sensitivity", unit: "nats", fold: "most" },
  { id: "error", title: "Output error", unit: "dB", fold: "least" },
] as const;
export type FigureId = (typeof FIGURES)[number]["id"];
