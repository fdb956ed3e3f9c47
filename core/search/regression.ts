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
  const problem = normalEquations(
    scaled,
    targets.map((t) => t - centre),
  );
  const fits = LAMBDAS.map((lambda) => fit(problem, lambda));
  const best = fits.reduce((a, b) => (b.error < a.error ? b : a));
  return {
    predict: (features) => centre + dot(scale(features), best.weights),
    lambda: best.lambda,
    leftOut: Array.from(best.residuals, (r, i) => targets[i]! - r),
  };
}

interface Problem {
  readonly rows: readonly Float64Array[];
  readonly targets: readonly number[];
  /** XᵀX, row by row, and Xᵀy. */
  readonly gram: readonly Float64Array[];
  readonly moment: Float64Array;
}

function normalEquations(rows: readonly Float64Array[], targets: readonly number[]): Problem {
  const width = rows[0]!.length;
  const gram = Array.from({ length: width }, () => new Float64Array(width));
  const moment = new Float64Array(width);
  for (const [n, row] of rows.entries()) {
    for (let i = 0; i < width; i++) {
      const x = row[i]!;
      moment[i] = moment[i]! + x * targets[n]!;
      const into = gram[i]!;
      if (x !== 0) for (let j = 0; j <= i; j++) into[j] = into[j]! + x * row[j]!;
    }
  }
  return { rows, targets, gram, moment };
}

interface Fit {
  readonly lambda: number;
  readonly weights: Float64Array;
  /** Of each row under the fit without it. */
  readonly residuals: Float64Array;
  readonly error: number;
}

function fit({ rows, targets, gram, moment }: Problem, lambda: number): Fit {
  const factor = cholesky(gram, lambda);
  const weights = backward(factor, forward(factor, moment));
  let error = 0;
  const residuals = Float64Array.from(rows, (row, n) => {
    // xᵀ(XᵀX + λ)⁻¹x is the length of L⁻¹x; the intercept takes its share 1/n of every row.
    const half = forward(factor, row);
    const leverage = dot(half, half) + 1 / rows.length;
    const residual = (targets[n]! - dot(row, weights)) / Math.max(1 - leverage, 1e-9);
    error += residual * residual;
    return residual;
  });
  return { lambda, weights, residuals, error };
}

function standardise(rows: readonly (readonly number[])[]): {
  readonly scaled: readonly Float64Array[];
  readonly scale: (row: readonly number[]) => Float64Array;
} {
  const columns = rows[0]!.map((_, i) => rows.map((r) => r[i]!));
  const means = columns.map(mean);
  const deviations = columns.map((c, i) => Math.sqrt(mean(c.map((x) => (x - means[i]!) ** 2))));
  const scale = (row: readonly number[]): Float64Array =>
    Float64Array.from(row, (x, i) => (deviations[i]! > 1e-12 ? (x - means[i]!) / deviations[i]! : 0));
  return { scaled: rows.map(scale), scale };
}

/** Lower triangular L with L·Lᵀ = a + λ, for a positive semidefinite a, of which the lower half is read. */
function cholesky(a: readonly Float64Array[], lambda: number): readonly Float64Array[] {
  const l = a.map((row) => row.slice());
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i]![j]! + (i === j ? lambda : 0);
      for (let k = 0; k < j; k++) sum -= l[i]![k]! * l[j]![k]!;
      l[i]![j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / l[j]![j]!;
    }
  }
  return l;
}

/** x with L·x = b. */
function forward(l: readonly Float64Array[], b: Float64Array): Float64Array {
  const x = new Float64Array(b.length);
  for (let i = 0; i < b.length; i++) {
    const row = l[i]!;
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= row[k]! * x[k]!;
    x[i] = sum / row[i]!;
  }
  return x;
}

/** x with Lᵀ·x = b. */
function backward(l: readonly Float64Array[], b: Float64Array): Float64Array {
  const x = b.slice();
  for (let i = b.length - 1; i >= 0; i--) {
    x[i] = x[i]! / l[i]![i]!;
    for (let k = 0; k < i; k++) x[k] = x[k]! - l[i]![k]! * x[i]!;
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

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
