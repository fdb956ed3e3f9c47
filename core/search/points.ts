import { LatheError } from "../base/error.ts";
import { canonicalJson, type Json } from "../base/json.ts";
import type { Random } from "../base/random.ts";
import type { Point, Space } from "./space.ts";

/** Equal points have equal keys. */
export const keyOf = (point: Point): string => canonicalJson(point);

/** Number of points; Infinity where a part is continuous. */
export function countPoints(space: Space): number {
  switch (space.kind) {
    case "fixed":
      return 1;
    case "choice":
      return space.values.length;
    case "integer":
      return stepsOf(space);
    case "real":
      return space.low === space.high ? 1 : Infinity;
    case "record":
      return product(Object.values(space.fields).map(countPoints));
    case "tuple":
      return product(space.items.map(countPoints));
    case "list": {
      const each = countPoints(space.item);
      let sum = 0;
      for (let n = space.least; n <= space.most; n++) sum += each ** n;
      return sum;
    }
    case "either":
      return space.branches.reduce((sum, b) => sum + countPoints(b), 0);
  }
}

/** A point drawn at random: each part uniform over its values, on a logarithmic scale where that is asked for. */
export function samplePoint(space: Space, random: Random): Point {
  switch (space.kind) {
    case "fixed":
      return space.value;
    case "choice":
      return space.values[random.integer(space.values.length)]!;
    case "integer":
    case "real":
      return fromScale(space, random.next());
    case "record":
      return mapFields(space.fields, (field) => samplePoint(field, random));
    case "tuple":
      return space.items.map((item) => samplePoint(item, random));
    case "list": {
      const length = space.least + random.integer(space.most - space.least + 1);
      return Array.from({ length }, () => samplePoint(space.item, random));
    }
    case "either":
      return samplePoint(space.branches[random.integer(space.branches.length)]!, random);
  }
}

/** Whether the space has this point. */
export function hasPoint(space: Space, point: Point | undefined): boolean {
  if (point === undefined) return false;
  switch (space.kind) {
    case "fixed":
      return keyOf(space.value) === keyOf(point);
    case "choice":
      return indexIn(space.values, point) >= 0;
    case "integer": {
      if (typeof point !== "number" || point < space.low || point > space.high) return false;
      return Number.isInteger((point - space.low) / space.step);
    }
    case "real":
      return typeof point === "number" && point >= space.low && point <= space.high;
    case "record": {
      if (!isRecord(point)) return false;
      const names = Object.keys(space.fields);
      return Object.keys(point).length === names.length && names.every((n) => hasPoint(space.fields[n]!, point[n]));
    }
    case "tuple":
      return (
        Array.isArray(point) &&
        point.length === space.items.length &&
        space.items.every((s, i) => hasPoint(s, point[i] as Point))
      );
    case "list":
      return (
        Array.isArray(point) &&
        point.length >= space.least &&
        point.length <= space.most &&
        point.every((p) => hasPoint(space.item, p as Point))
      );
    case "either":
      return space.branches.some((b) => hasPoint(b, point));
  }
}

/** @throws invalid-argument for a point that the space does not have */
export function checkPoint(space: Space, point: Point): void {
  if (hasPoint(space, point)) return;
  throw new LatheError("invalid-argument", `The space has no point "${keyOf(point)}".`, {
    hint: "Give every part a value that its schema allows.",
  });
}

/** The form of an "either" that a point has. */
export function branchOf({ branches }: Extract<Space, { kind: "either" }>, point: Point): number {
  return Math.max(
    0,
    branches.findIndex((b) => hasPoint(b, point)),
  );
}

type Scale = Extract<Space, { kind: "integer" | "real" }>;

/** The values of a whole number: how many there are. */
export function stepsOf({ low, high, step }: Extract<Space, { kind: "integer" }>): number {
  return Math.max(1, Math.floor((high - low) / step) + 1);
}

/** A number from its place between low (0) and high (1). */
export function fromScale(space: Scale, at: number): number {
  const { low, high, isLog } = space;
  if (space.kind === "real")
    return isLog ? Math.min(high, Math.max(low, low * (high / low) ** at)) : low + (high - low) * at;
  // Every whole number gets the share of the scale that is nearest to it.
  const { step } = space;
  const last = stepsOf(space) - 1;
  if (!isLog) return low + step * Math.min(last, Math.floor(at * (last + 1)));
  const from = Math.log(Math.max(low - step / 2, step / 4));
  const to = Math.log(low + last * step + step / 2);
  const drawn = Math.exp(from + (to - from) * at);
  return low + step * Math.min(last, Math.max(0, Math.round((drawn - low) / step)));
}

/** The place of a number between low (0) and high (1). */
export function onScale({ low, high, isLog }: Scale, value: number): number {
  if (high === low) return 0;
  return isLog && low > 0 ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}

export const indexIn = (values: readonly Json[], point: Point): number => {
  const key = keyOf(point);
  return values.findIndex((v) => keyOf(v) === key);
};

export function isRecord(point: Point | undefined): point is Readonly<Record<string, Json>> {
  return typeof point === "object" && point !== null && !Array.isArray(point);
}

/** The items of a list or tuple's point. */
export const itemsOf = (point: Point): readonly Point[] => (Array.isArray(point) ? (point as readonly Point[]) : []);

export function mapFields<T>(
  fields: Readonly<Record<string, Space>>,
  make: (field: Space, name: string) => T,
): Record<string, T> {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, make(field, name)]));
}

const product = (numbers: readonly number[]): number => numbers.reduce((all, n) => all * n, 1);
