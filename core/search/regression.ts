import { LatheError } from "../base/error.ts";

/** A fitted function of features, and how well it predicts what it has not seen. */
export interface Regression {
  predict(features: readonly number[]): number;
  /** λ that left-out rows chose. */
  readonly lambda: number;
  /** Predictions of each row by the fit without it. */
  readonly leftOut: readonly number[];
}

const LAMBDAS = [1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100] as const;

/**
 * Ridge regression on standardised features with an intercept; λ by the least squared error over left-out rows, which
 * follow from one fit: eᵢ/(1 − hᵢᵢ) (Golub, Heath & Wahba 1979).
 * @param rows features of each sample
 * @throws invalid-argument for fewer than two rows, or rows of different lengths
 */
export function fitRidge(rows: readonly (readonly number[])[], targets: readonly number[]): Regression {
  const width = rows[0]?.length ?? 0;
  if (rows.length < 2 || rows.length !== targets.length || rows.some((r) => r.length !== width)) {
    throw new LatheError("invalid-argument", `"${rows.length}" rows for ${targets.length} targets fit nothing.`, {
      hint: "Give at least two rows, all of the same length.",
    });
  }
  const { scaled, scale } = standardise(rows);
  const centre = mean(targets);
  const fits = LAMBDAS.map((lambda) =>
    fit(
      scaled,
      targets.map((t) => t - centre),
      lambda,
    ),
  );
  const best = fits.reduce((a, b) => (b.error < a.error ? b : a));
  return {
    predict: (features) => centre + dot(scale(features), best.weights),
    lambda: best.lambda,
    leftOut: best.residuals.map((r, i) => targets[i]! - r),
  };
}

interface Fit {
  readonly lambda: number;
  readonly weights: readonly number[];
  /** Of each row under the fit without it. */
  readonly residuals: readonly number[];
  readonly error: number;
}

function fit(rows: readonly (readonly number[])[], targets: readonly number[], lambda: number): Fit {
  const width = rows[0]!.length;
  const gram = Array.from({ length: width }, (_, i) =>
    Array.from({ length: width }, (_, j) => rows.reduce((sum, r) => sum + r[i]! * r[j]!, i === j ? lambda : 0)),
  );
  const factor = cholesky(gram);
  const moment = Array.from({ length: width }, (_, i) => rows.reduce((sum, r, n) => sum + r[i]! * targets[n]!, 0));
  const weights = solve(factor, moment);
  const residuals = rows.map((row, n) => {
    // The intercept takes its share 1/n of every row.
    const leverage = dot(row, solve(factor, row)) + 1 / rows.length;
    return (targets[n]! - dot(row, weights)) / Math.max(1 - leverage, 1e-9);
  });
  return { lambda, weights, residuals, error: residuals.reduce((sum, r) => sum + r * r, 0) };
}

function standardise(rows: readonly (readonly number[])[]): {
  readonly scaled: readonly (readonly number[])[];
  readonly scale: (row: readonly number[]) => readonly number[];
} {
  const columns = rows[0]!.map((_, i) => rows.map((r) => r[i]!));
  const means = columns.map(mean);
  const deviations = columns.map((c, i) => Math.sqrt(mean(c.map((x) => (x - means[i]!) ** 2))));
  const scale = (row: readonly number[]): readonly number[] =>
    row.map((x, i) => (deviations[i]! > 1e-12 ? (x - means[i]!) / deviations[i]! : 0));
  return { scaled: rows.map(scale), scale };
}

/** Lower triangular L with L·Lᵀ = a, for a positive definite a. */
function cholesky(a: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const l: number[][] = a.map((row) => row.map(() => 0));
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i]![j]!;
      for (let k = 0; k < j; k++) sum -= l[i]![k]! * l[j]![k]!;
      l[i]![j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / l[j]![j]!;
    }
  }
  return l;
}

/** x with L·Lᵀ·x = b. */
function solve(l: readonly (readonly number[])[], b: readonly number[]): readonly number[] {
  const y: number[] = [];
  for (let i = 0; i < l.length; i++) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= l[i]![k]! * y[k]!;
    y.push(sum / l[i]![i]!);
  }
  const x = y.slice();
  for (let i = l.length - 1; i >= 0; i--) {
    let sum = x[i]!;
    for (let k = i + 1; k < l.length; k++) sum -= l[k]![i]! * x[k]!;
    x[i] = sum / l[i]![i]!;
  }
  return x;
}

/** Mean of |prediction − truth| / |truth|. */
export function meanPercentageError(predicted: readonly number[], truth: readonly number[]): number {
  return mean(truth.map((t, i) => Math.abs(predicted[i]! - t) / Math.abs(t)));
}

/** Kendall's τ-b: how alike two orders are, from −1 to 1, with ties in either taken out of the count. */
export function kendallTau(a: readonly number[], b: readonly number[]): number {
  let agreement = 0;
  let [pairsOfA, pairsOfB] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < i; j++) {
      const [x, y] = [Math.sign(a[i]! - a[j]!), Math.sign(b[i]! - b[j]!)];
      agreement += x * y;
      pairsOfA += Math.abs(x);
      pairsOfB += Math.abs(y);
    }
  }
  const pairs = Math.sqrt(pairsOfA * pairsOfB);
  return pairs === 0 ? 0 : agreement / pairs;
}

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
