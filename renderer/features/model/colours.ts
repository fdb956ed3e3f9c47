import { formatBytes, formatCount, formatFixed, formatMilliseconds, formatNumber } from "../../../core/base/format.ts";
import { FIGURES, type FigureId } from "../../../core/contract/figures.ts";
import type { ModelPart, ModelView } from "../../../core/contract/modelView.ts";
import type { Colouring } from "../../graphview/GraphView.tsx";

/** Five levels with what they stand for. */
export interface Legend {
  readonly title: string;
  readonly levels: readonly string[];
}

/** A figure as people read it, with its unit. */
export function figureText(id: FigureId, value: number): string {
  switch (id) {
    case "parameters":
      return `${formatCount(value)} params`;
    case "macs":
      return `${formatCount(value)} MACs`;
    case "time":
      return formatMilliseconds(value);
    case "bits":
      return `${formatNumber(value, 2)} bits`;
    case "sparsity":
      return `${formatFixed(value * 100, 1)} % zeros`;
    case "sensitivity":
      return `${formatNumber(value)} nats`;
    case "error":
      return `${formatNumber(value)} dB`;
  }
}

export const titleOf = (id: FigureId): string => FIGURES.find((f) => f.id === id)?.title ?? id;

/** Upper limits of the first four levels: shares of the largest, or fixed steps where the figure has its own scale. */
const STEPS: Readonly<Record<FigureId, readonly number[]>> = {
  parameters: [0.02, 0.1, 0.3, 0.6],
  macs: [0.02, 0.1, 0.3, 0.6],
  time: [0.02, 0.1, 0.3, 0.6],
  sensitivity: [0.02, 0.1, 0.3, 0.6],
  bits: [2, 4, 8, 16],
  sparsity: [0.05, 0.3, 0.6, 0.9],
  // Of signal to noise, little is bad: the scale goes the other way.
  error: [10, 20, 30, 40],
};

/** Of which most ops have none. */
const COUNTED: ReadonlySet<FigureId> = new Set(["parameters", "macs"]);
const FIXED: ReadonlySet<FigureId> = new Set(["bits", "sparsity", "error"]);

/** What colours parts of all panes alike. */
export interface Colours {
  readonly legend: Legend;
  of(part: ModelPart): Colouring | undefined;
}

export function coloursBy(id: FigureId, views: readonly ModelView[]): Colours {
  const seen = views.flatMap((v) => v.parts.flatMap((p) => (p.isOpen ? [] : (p.figures[id] ?? []))));
  const most = Math.max(0, ...seen);
  const limits = STEPS[id].map((step) => (FIXED.has(id) ? step : step * most));
  const rank = (value: number): number => limits.filter((limit) => value > limit).length;
  const isTurned = id === "error";
  const text = (value: number): string => figureText(id, value);
  const ranges = [
    `≤ ${text(limits[0]!)}`,
    ...limits.slice(1).map((limit) => `≤ ${text(limit)}`),
    FIXED.has(id) ? `> ${text(limits[3]!)}` : `≤ ${text(most)}`,
  ];
  return {
    legend: { title: titleOf(id), levels: isTurned ? ranges.toReversed() : ranges },
    of: ({ figures }) => {
      const value = figures[id];
      // Nothing of what is counted is no shade of it.
      if (value === undefined || (value === 0 && COUNTED.has(id))) return undefined;
      return { level: isTurned ? 4 - rank(value) : rank(value), text: text(value) };
    },
  };
}

/** Why nothing can be coloured by a figure, and what to do about it. */
export function whyUnknown(id: FigureId): string {
  switch (id) {
    case "macs":
      return "MACs need shapes, which this model shows when it runs once.";
    case "time":
      return "No layer has been timed yet.";
    case "sparsity":
      return "The zeros have not been counted yet.";
    case "sensitivity":
    case "error":
      return "No run has judged single layers. Turn “Sensitivity” on in a quantisation.";
    case "parameters":
    case "bits":
      return "This model has no weights.";
  }
}

export const bytesText = (bytes: number | undefined): string => (bytes === undefined ? "" : formatBytes(bytes));
