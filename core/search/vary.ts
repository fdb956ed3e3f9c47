import type { Random } from "../base/random.ts";
import type { Json } from "../base/json.ts";
import {
  branchOf,
  fromScale,
  hasPoint,
  indexIn,
  isRecord,
  itemsOf,
  keyOf,
  mapFields,
  onScale,
  samplePoint,
  stepsOf,
} from "./points.ts";
import type { Point, Space } from "./space.ts";

export interface MutationOptions {
  readonly random: Random;
  /** Probability that a part changes; default one part on average. At least one always does. */
  readonly rate?: number;
}

/**
 * A point with some of its parts changed. Ordered values move to a neighbour half of the time and anywhere else
 * otherwise; lists lose their last item or get a new one; another form keeps what both have in common.
 * A space of a single point gives that point.
 */
export function mutatePoint(space: Space, point: Point, { random, rate }: MutationOptions): Point {
  const sites = countSites(space, point);
  if (sites === 0) return point;
  const chance = rate ?? 1 / sites;
  const sure = random.integer(sites);
  let at = 0;
  const isHit = (): boolean => {
    const isDrawn = random.next() < chance;
    return at++ === sure || isDrawn;
  };
  return walk(space, point, { random, isHit });
}

interface Walk {
  readonly random: Random;
  /** Asked once for each place that can change, in order. */
  readonly isHit: () => boolean;
}

function walk(space: Space, point: Point, how: Walk): Point {
  switch (space.kind) {
    case "fixed":
      return point;
    case "choice":
    case "integer":
    case "real":
      return isSite(space) && how.isHit() ? move(space, point, how.random) : point;
    case "record":
      return mapFields(space.fields, (field, name) => walk(field, part(point, name), how));
    case "tuple":
      return space.items.map((item, i) => walk(item, itemsOf(point)[i]!, how));
    case "list": {
      const resized = isSite(space) && how.isHit();
      const items = itemsOf(point).map((item) => walk(space.item, item, how));
      if (!resized) return items;
      const canGrow = items.length < space.most;
      const canShrink = items.length > space.least;
      const grows = canGrow && (!canShrink || how.random.next() < 0.5);
      return grows ? [...items, samplePoint(space.item, how.random)] : items.slice(0, -1);
    }
    case "either": {
      const own = branchOf(space, point);
      if (!(isSite(space) && how.isHit())) return walk(space.branches[own]!, point, how);
      // The inner places were counted, so they are asked for as well.
      walk(space.branches[own]!, point, how);
      const other = (own + 1 + how.random.integer(space.branches.length - 1)) % space.branches.length;
      return carryOver(space.branches[other]!, point, how.random);
    }
  }
}

/** A point of another form, with the fields that the old one has a fitting value for. */
function carryOver(branch: Space, old: Point, random: Random): Point {
  if (branch.kind !== "record" || !isRecord(old)) return samplePoint(branch, random);
  return mapFields(branch.fields, (field, name) => {
    const drawn = samplePoint(field, random);
    return hasPoint(field, old[name]) ? old[name]! : drawn;
  });
}

function isSite(space: Space): boolean {
  switch (space.kind) {
    case "choice":
      return space.values.length > 1;
    case "integer":
      return stepsOf(space) > 1;
    case "real":
      return space.low < space.high;
    case "list":
      return space.least < space.most;
    case "either":
      return space.branches.length > 1;
    default:
      return false;
  }
}

/** Places of a point that can change by themselves. */
function countSites(space: Space, point: Point): number {
  const own = isSite(space) ? 1 : 0;
  switch (space.kind) {
    case "record":
      return sum(Object.entries(space.fields).map(([name, field]) => countSites(field, part(point, name))));
    case "tuple":
      return sum(space.items.map((item, i) => countSites(item, itemsOf(point)[i]!)));
    case "list":
      return own + sum(itemsOf(point).map((item) => countSites(space.item, item)));
    case "either":
      return own + countSites(space.branches[branchOf(space, point)]!, point);
    default:
      return own;
  }
}

type Leaf = Extract<Space, { kind: "choice" | "integer" | "real" }>;

/** Standard deviation of a step of a continuous value, as a share of its range. */
const STRIDE = 0.15;

function move(space: Leaf, point: Point, random: Random): Point {
  if (space.kind === "real") {
    if (random.next() < 0.5) return samplePoint(space, random);
    const at = onScale(space, Number(point)) + STRIDE * random.normal();
    return fromScale(space, Math.min(1, Math.max(0, at)));
  }
  const count = space.kind === "choice" ? space.values.length : stepsOf(space);
  const own = space.kind === "choice" ? indexIn(space.values, point) : (Number(point) - space.low) / space.step;
  const isOrdered = space.kind === "integer" || space.isOrdered;
  const next =
    isOrdered && random.next() < 0.5 ? beside(own, count, random) : (own + 1 + random.integer(count - 1)) % count;
  return valueAt(space, next);
}

function beside(own: number, count: number, random: Random): number {
  const up = random.next() < 0.5;
  if (own === 0) return 1;
  if (own === count - 1) return count - 2;
  return up ? own + 1 : own - 1;
}

const valueAt = (space: Exclude<Leaf, { kind: "real" }>, index: number): Point =>
  space.kind === "choice" ? space.values[index]! : space.low + index * space.step;

/**
 * A point that takes each part from one of two parents: single values by a coin, lists item by item at the length of
 * one parent, a form whole where the parents differ in it.
 */
export function crossPoints(space: Space, [a, b]: readonly [Point, Point], random: Random): Point {
  const pick = (): Point => (random.next() < 0.5 ? a : b);
  switch (space.kind) {
    case "record":
      return mapFields(space.fields, (field, name) => crossPoints(field, [part(a, name), part(b, name)], random));
    case "tuple":
      return space.items.map((item, i) => crossPoints(item, [itemsOf(a)[i]!, itemsOf(b)[i]!], random));
    case "list": {
      const length = itemsOf(pick()).length;
      return Array.from({ length }, (_, i) => {
        const [first, second] = [itemsOf(a)[i], itemsOf(b)[i]];
        if (first === undefined || second === undefined) return (first ?? second)!;
        return crossPoints(space.item, [first, second], random);
      });
    }
    case "either": {
      const branch = branchOf(space, a);
      return branch === branchOf(space, b) ? crossPoints(space.branches[branch]!, [a, b], random) : pick();
    }
    default:
      return pick();
  }
}

/** All points one change away: the next values of ordered parts, any other of unordered ones, one item more or less. */
export function neighboursOf(space: Space, point: Point): readonly Point[] {
  const found = new Map<string, Point>();
  for (const next of around(space, point)) found.set(keyOf(next), next);
  found.delete(keyOf(point));
  return [...found.values()];
}

function around(space: Space, point: Point): readonly Point[] {
  switch (space.kind) {
    case "fixed":
    case "real":
      return [];
    case "choice":
      if (!space.isOrdered) return space.values;
      return adjacent(indexIn(space.values, point), space.values.length).map((i) => space.values[i]!);
    case "integer":
      return adjacent((Number(point) - space.low) / space.step, stepsOf(space)).map((i) => valueAt(space, i));
    case "record":
      return Object.entries(space.fields).flatMap(([name, field]) =>
        around(field, part(point, name)).map((value) => ({ ...(point as Record<string, Json>), [name]: value })),
      );
    case "tuple":
      return space.items.flatMap((item, i) =>
        around(item, itemsOf(point)[i]!).map((value) => itemsOf(point).with(i, value)),
      );
    case "list": {
      const items = itemsOf(point);
      const changed = items.flatMap((item, i) => around(space.item, item).map((value) => items.with(i, value)));
      const shorter = items.length > space.least ? [items.slice(0, -1)] : [];
      const last = items.at(-1);
      const longer = items.length < space.most && last !== undefined ? [[...items, last]] : [];
      return [...changed, ...shorter, ...longer];
    }
    case "either":
      return around(space.branches[branchOf(space, point)]!, point);
  }
}

const adjacent = (own: number, count: number): readonly number[] =>
  [own - 1, own + 1].filter((i) => i >= 0 && i < count);

const part = (point: Point, name: string): Point => (isRecord(point) ? point[name]! : null);
const sum = (numbers: readonly number[]): number => numbers.reduce((all, n) => all + n, 0);
