import { throwIfCancelled } from "../base/cancel.ts";
import { LatheError, toLatheError } from "../base/error.ts";
import type { Clock } from "../base/host.ts";
import type { Emit } from "../contract/event.ts";
import type { Candidate } from "../data/candidates.ts";
import type { FittedPreparer, FittedSamples } from "../data/fittedSamples.ts";
import type { Session } from "../runtime/session.ts";
import { scoresOf } from "./accuracy.ts";
import { isBetter, isRight, leadOf, rightOf, type Answers } from "./answers.ts";

/** A candidate, and what the model has answered with it so far. */
export interface Entrant extends Answers {
  readonly candidate: Candidate;
  count: number;
  /** Whether another one is better beyond chance, or the model cannot answer. */
  isOut: boolean;
  failure: string | undefined;
}

export interface RaceOptions {
  readonly samples: FittedSamples;
  /** Class of each sample, by place. */
  readonly labels: Int32Array;
  readonly classes: number;
  readonly signal: AbortSignal;
  readonly emit: Emit;
  readonly clock: Clock;
  /** When it stops, on that clock. */
  readonly until: number;
}

/** Candidates that answer more and more samples; who falls behind beyond chance drops out. */
export interface Race {
  /** In the order in which they came. */
  readonly entrants: readonly Entrant[];
  /** Lets some more in, and has all that are not out answer all samples. The first of all never drops out. */
  run(more: readonly Candidate[]): Promise<void>;
  /** Those not out, the most often right first. */
  leaders(): Entrant[];
  /** What is asked of a difference, so that the many looks find little by chance (Bonferroni). */
  alpha(): number;
  readonly isCut: boolean;
}

/** Samples after which candidates are compared; the last figure is the most that are tried. */
export const ROUNDS = [16, 48, 128, 256, 512] as const;
const LEVEL = 0.05;
/** Samples in a call, where the model does not fix it. */
const BATCH = 32;

/**
 * Starts a race of preparations (successive halving with a paired test in place of a fixed share).
 * @throws unsupported for models of several inputs or without outputs; invalid-data where outputs and classes differ
 */
export function startRace(session: Session, options: RaceOptions): Race {
  const { labels, clock, until, signal, emit } = options;
  const total = labels.length;
  const rounds = [...ROUNDS.filter((n) => n < total), Math.min(total, ROUNDS.at(-1)!)];
  const entrants: Entrant[] = [];
  let isCut = false;
  checkModel(session);

  const alpha = (): number => LEVEL / Math.max(1, entrants.length - 1);
  const leaders = (): Entrant[] => {
    const alive = entrants.filter(({ isOut }) => !isOut);
    const shared = Math.min(...alive.map(({ count }) => count));
    return alive.toSorted((a, b) => rightOf(b, shared) - rightOf(a, shared));
  };
  const dropBeaten = (): void => {
    const [first, ...rest] = leaders();
    for (const entrant of rest) {
      if (entrant !== entrants[0] && isBetter(first!, entrant, alpha())) entrant.isOut = true;
    }
  };
  const run = async (more: readonly Candidate[]): Promise<void> => {
    entrants.push(...more.map((candidate) => enter(candidate, total)));
    let done = 0;
    for (const size of rounds) {
      const alive = entrants.filter(({ isOut }) => !isOut);
      const left = alive.reduce((sum, { count }) => sum + Math.max(0, rounds.at(-1)! - count), 0);
      for (const entrant of alive) {
        if (entrant.count >= size) continue;
        throwIfCancelled(signal);
        if (clock.milliseconds() >= until) {
          isCut = true;
          // Who has answered nothing cannot be compared.
          for (const late of entrants) if (late.count === 0) late.isOut = true;
          return;
        }
        const before = entrant.count;
        await answer(session, entrant, { ...options, size });
        done += entrant.count - before;
        emit({ kind: "progress", done, total: Math.max(done, left), unit: "answers" });
      }
      dropBeaten();
    }
  };
  return {
    entrants,
    run,
    leaders,
    alpha,
    get isCut() {
      return isCut;
    },
  };
}

function checkModel({ inputs, outputs }: Session): void {
  if (inputs.length === 1 && outputs.length > 0) return;
  throw new LatheError(
    "unsupported",
    `Preparations are tried on models with one input and an output, this one has "${inputs.length}" inputs.`,
  );
}

function enter(candidate: Candidate, total: number): Entrant {
  const [correct, leads] = [new Uint8Array(total), new Float32Array(total)];
  return { candidate, count: 0, correct, leads, isOut: false, failure: undefined };
}

/** Has the model answer samples up to a place. What it cannot compute puts the candidate out. */
async function answer(
  session: Session,
  entrant: Entrant,
  { samples, labels, classes, size: end, signal }: RaceOptions & { readonly size: number },
): Promise<void> {
  const fixed = session.inputs[0]?.dims[0];
  const size = typeof fixed === "number" ? fixed : BATCH;
  const made = samples.preparerFor(entrant.candidate.preprocessing);
  while (entrant.count < end) {
    throwIfCancelled(signal);
    const from = entrant.count;
    const rows = Math.min(size, end - from);
    try {
      const scores = await scoresOf(session, batchOf(made, samples, { from, rows }), {
        size: typeof fixed === "number" ? size : undefined,
        classes,
      });
      for (let i = 0; i < rows; i++) {
        const row = scores.subarray(i * classes, (i + 1) * classes);
        entrant.correct[from + i] = isRight(row, labels[from + i]!) ? 1 : 0;
        entrant.leads[from + i] = leadOf(row, labels[from + i]!);
      }
    } catch (thrown) {
      const { code, message } = toLatheError(thrown);
      if (code !== "numeric") throw thrown;
      entrant.failure = message;
      entrant.isOut = true;
      return;
    }
    entrant.count += rows;
  }
}

function batchOf(made: FittedPreparer, { indices }: FittedSamples, { from, rows }: { from: number; rows: number }) {
  const data = made.allocate(rows);
  for (let i = 0; i < rows; i++) made.prepare(from + i, data, i * made.size);
  return {
    input: { type: made.type, dims: [rows, ...made.shape], data },
    indices: indices.subarray(from, from + rows),
  };
}
