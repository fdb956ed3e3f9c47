import { branchOf, indexIn, isRecord, itemsOf, onScale } from "./points.ts";
import type { Point, Space } from "./space.ts";

/**
 * A point as numbers of a fixed count, for predictors: ordered values between 0 and 1, others one-hot, lists with the
 * share of places that are taken and zeros for those that are not.
 */
export function featuresOf(space: Space, point: Point): readonly number[] {
  const made: number[] = [];
  write(space, point, made);
  return made;
}

/** `undefined`: this part is not there; writes as many zeros as it would have numbers. */
function write(space: Space, point: Point | undefined, into: number[]): void {
  const isThere = point !== undefined;
  switch (space.kind) {
    case "fixed":
      return;
    case "choice": {
      const own = isThere ? indexIn(space.values, point) : -1;
      if (!space.isOrdered) into.push(...space.values.map((_, i) => (i === own ? 1 : 0)));
      else into.push(isThere ? ordered(space.values.map(Number), own) : 0);
      return;
    }
    case "integer":
    case "real":
      into.push(isThere ? onScale(space, Number(point)) : 0);
      return;
    case "record":
      for (const [name, field] of Object.entries(space.fields)) {
        write(field, isThere && isRecord(point) ? point[name] : undefined, into);
      }
      return;
    case "tuple":
      for (const [i, item] of space.items.entries()) write(item, isThere ? itemsOf(point)[i] : undefined, into);
      return;
    case "list": {
      const items = isThere ? itemsOf(point) : [];
      if (space.least < space.most) into.push(items.length / space.most);
      for (let i = 0; i < space.most; i++) write(space.item, items[i], into);
      return;
    }
    case "either": {
      const own = isThere ? branchOf(space, point) : -1;
      for (const [i, branch] of space.branches.entries()) {
        into.push(i === own ? 1 : 0);
        write(branch, i === own ? point : undefined, into);
      }
      return;
    }
  }
}

function ordered(values: readonly number[], own: number): number {
  const [low = 0, high = 0] = [values[0], values.at(-1)];
  return high === low ? 0 : (values[own]! - low) / (high - low);
}
