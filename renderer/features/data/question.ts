import type { SampleFilter, SampleOrder } from "../../../core/contract/samples.ts";
import { createLastingStore } from "../../kit/store.ts";

/** What somebody looks for in a data set, as the filter bar has it. */
export interface Question {
  readonly split: NonNullable<SampleFilter["split"]> | "";
  /** Number of a class. */
  readonly class: number | undefined;
  readonly search: string;
  /** Id of the variant whose predictions are looked at; the empty text is none. */
  readonly variant: string;
  readonly outcome: NonNullable<SampleFilter["outcome"]> | "";
  /** Percent, as typed. */
  readonly from: string;
  readonly to: string;
  readonly disagrees: boolean;
  readonly order: SampleOrder;
  readonly form: "grid" | "list";
}

export const BLANK = Object.freeze<Question>({
  split: "",
  class: undefined,
  search: "",
  variant: "",
  outcome: "",
  from: "",
  to: "",
  disagrees: false,
  order: { by: "number", isDown: false },
  form: "grid",
});

const { variant: _, form: __, ...every } = BLANK;
/** What leaves no sample out and keeps their order; who predicts, and the form, stay as they are. */
export const EVERY = Object.freeze(every);

/** A percentage as a fraction; undefined where it is none. */
export function fractionOf(text: string): number | undefined {
  const value = Number(text.replace(",", "."));
  return text.trim() === "" || !(value >= 0 && value <= 100) ? undefined : value / 100;
}

/** The question as the engine takes it. What asks for predictions is left out where no variant is chosen. */
export function filterOf(question: Question): SampleFilter {
  const { split, class: label, search, variant, outcome, disagrees } = question;
  const low = fractionOf(question.from);
  const high = fractionOf(question.to);
  return {
    ...(split !== "" && { split }),
    ...(label !== undefined && { classes: [label] }),
    ...(search.trim() !== "" && { search: search.trim() }),
    ...(variant !== "" && {
      variant,
      ...(outcome !== "" && { outcome }),
      ...((low !== undefined || high !== undefined) && { confidence: { low: low ?? 0, high: high ?? 1 } }),
      ...(disagrees && { disagrees }),
    }),
  };
}

/** Whether a question leaves any sample out. */
export function isFiltered(question: Question): boolean {
  const { variant: _, ...rest } = filterOf(question);
  return Object.keys(rest).length > 0;
}

const isQuestion = (kept: unknown): kept is Question =>
  typeof kept === "object" && kept !== null && Object.keys(BLANK).every((key) => key === "class" || key in kept);

/** What was looked for last, by project and data set; the next visit finds it. */
export const questions = createLastingStore<Readonly<Record<string, Question>>>("lathe.data", {}, (kept) =>
  typeof kept === "object" && kept !== null
    ? Object.fromEntries(Object.entries(kept).filter((entry): entry is [string, Question] => isQuestion(entry[1])))
    : undefined,
);

/** Samples that are asked for together. */
export const PAGE = 96;
/** Previews that are asked for together; a page is a whole number of them. */
export const CHUNK = 24;

/** Numbers of the stretches of `size` that hold the places from `first` to `last`. */
export function stretches(first: number, last: number, size: number): readonly number[] {
  const from = Math.floor(Math.max(0, first) / size);
  const to = Math.floor(Math.max(0, last) / size);
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
}

export interface Grid {
  readonly total: number;
  readonly columns: number;
  /** Rows that are seen at once. */
  readonly rows: number;
}

/** Where a key leads from a place in the grid; undefined for keys that lead nowhere. */
export function placeAfter(key: string, at: number, { total, columns, rows }: Grid): number | undefined {
  const page = Math.max(1, rows - 1) * columns;
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    PageUp: -page,
    PageDown: page,
    Home: -Infinity,
    End: Infinity,
  };
  const step = steps[key];
  if (step === undefined || total === 0) return undefined;
  const next = Math.min(total - 1, Math.max(0, at + step));
  // A row that is not whole ends early; up and down stay in their column.
  const isVertical = Math.abs(step) === columns && columns > 1;
  return isVertical && (at + step < 0 || at + step >= total) ? at : next;
}
