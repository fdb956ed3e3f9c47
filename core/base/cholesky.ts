/**
 * Solves A·x = b for symmetric positive definite A by its Cholesky factor; `b` is overwritten with `x`, column by column.
 * @param a n × n, row by row; its lower half is overwritten with the factor
 * @param columns each of length n
 * @returns false where A is not positive definite; the columns are then worthless
 */
export function solvePositive(a: Float64Array, columns: readonly Float64Array[]): boolean {
  const n = Math.round(Math.sqrt(a.length));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= a[i * n + k]! * a[j * n + k]!;
      if (i > j) a[i * n + j] = sum / a[j * n + j]!;
      else if (sum > 0) a[i * n + i] = Math.sqrt(sum);
      else return false;
    }
  }
  for (const x of columns) {
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < i; k++) x[i]! -= a[i * n + k]! * x[k]!;
      x[i]! /= a[i * n + i]!;
    }
    for (let i = n - 1; i >= 0; i--) {
      for (let k = i + 1; k < n; k++) x[i]! -= a[k * n + i]! * x[k]!;
      x[i]! /= a[i * n + i]!;
    }
  }
  return true;
}
