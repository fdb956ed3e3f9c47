type Points = readonly [number, number][];

/** Exponential moving average, corrected for its start (Kingma & Ba 2015, §3); 0 leaves the points as they are. */
export function smooth(points: Points, weight: number): Points {
  let [sum, norm] = [0, 0];
  return points.map(([x, y]) => {
    sum = weight * sum + (1 - weight) * y;
    norm = weight * norm + (1 - weight);
    return [x, sum / norm];
  });
}
