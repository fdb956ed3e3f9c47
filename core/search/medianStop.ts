/**
 * Whether to stop a trial: after some step its best figure so far is below the median of the means that the finished
 * trials had up to that step (Golovin et al., Google Vizier, KDD 2017, section 3.2.2). Figures are to be made large.
 * @param own figures of the trial after each step
 * @param others figures of finished trials after each step
 * @param least finished trials below which nothing is stopped; default 5
 */
export function isBelowMedian(own: readonly number[], others: readonly (readonly number[])[], least = 5): boolean {
  const steps = own.length;
  const means = others
    .filter((figures) => figures.length >= steps)
    .map((figures) => figures.slice(0, steps).reduce((sum, f) => sum + f, 0) / steps)
    .toSorted((a, b) => a - b);
  if (steps === 0 || means.length < least) return false;
  const middle = means.length / 2;
  const median = (means[Math.ceil(middle) - 1]! + means[Math.floor(middle)]!) / 2;
  return Math.max(...own) < median;
}
