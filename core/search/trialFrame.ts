import { seededRandom } from "../base/random.ts";
import { flatPoint } from "../contract/trial.ts";
import type { TrialColumn, TrialOrder, TrialSearch } from "../contract/trialViews.ts";
import type { StoredTrial } from "../contract/trials.ts";

/** Trials by column: what 100,000 of them are filtered, sorted and drawn from. */
export interface TrialFrame {
  readonly count: number;
  /** Growing ids. */
  readonly ids: readonly number[];
  readonly columns: ReadonlyMap<string, FrameColumn>;
}

export interface FrameColumn {
  readonly id: string;
  readonly title: string;
  readonly kind: TrialColumn["kind"];
  /** Numbers, or places in `options`; NaN where a trial has none. */
  readonly values: Float64Array;
  /** Of texts only: what occurs, in the order of its coming. */
  readonly options: readonly string[] | undefined;
}

interface GrowingColumn {
  readonly id: string;
  readonly title: string;
  readonly kind: TrialColumn["kind"];
  values: Float64Array;
  options: Map<string, number> | undefined;
}

/** A frame that grows. What was taken of it stays as it was. */
export interface FrameBuilder {
  add(trials: readonly StoredTrial[]): void;
  readonly last: number;
  readonly count: number;
  frame(): TrialFrame;
}

const FACTS: readonly (readonly [string, string])[] = [
  ["number", "Trial"],
  ["state", "State"],
  ["group", "Sampler"],
  ["method", "Method"],
  ["job", "Job"],
  ["seconds", "Seconds"],
];

export function startFrame(): FrameBuilder {
  const ids: number[] = [];
  const columns = new Map<string, GrowingColumn>();
  let room = 1024;
  const columnOf = (id: string, title: string, kind: TrialColumn["kind"]): GrowingColumn => {
    const known = columns.get(id);
    if (known !== undefined) return known;
    const made = { id, title, kind, values: new Float64Array(room).fill(NaN), options: undefined };
    columns.set(id, made);
    return made;
  };
  for (const [id, title] of FACTS) columnOf(id, title, "fact");
  const grow = (): void => {
    room *= 2;
    for (const column of columns.values()) {
      const wider = new Float64Array(room).fill(NaN);
      wider.set(column.values);
      column.values = wider;
    }
  };
  const addOne = ({ id, job, method, trial }: StoredTrial): void => {
    if (ids.length === room) grow();
    const at = ids.length;
    ids.push(id);
    put(columnOf("number", "", "fact"), at, trial.number);
    put(columnOf("state", "", "fact"), at, trial.state);
    put(columnOf("group", "", "fact"), at, trial.group);
    put(columnOf("method", "", "fact"), at, method);
    put(columnOf("job", "", "fact"), at, job);
    put(columnOf("seconds", "", "fact"), at, trial.seconds);
    for (const [name, value] of Object.entries(flatPoint(trial.point)))
      put(columnOf(`param.${name}`, name, "param"), at, value);
    for (const [name, value] of Object.entries(trial.values)) put(columnOf(`value.${name}`, name, "value"), at, value);
  };
  return {
    add: (trials) => trials.forEach(addOne),
    get last() {
      return ids.at(-1) ?? 0;
    },
    get count() {
      return ids.length;
    },
    frame: () => {
      const count = ids.length;
      const taken = [...columns.values()].map(({ id, title, kind, values, options }): FrameColumn => {
        return { id, title, kind, values: values.subarray(0, count), options: options && [...options.keys()] };
      });
      return { count, ids, columns: new Map(taken.map((c) => [c.id, c])) };
    },
  };
}

function put(column: GrowingColumn, at: number, value: unknown): void {
  if (value === undefined) return;
  if (column.options === undefined) {
    if (typeof value === "number") {
      column.values[at] = value;
      return;
    }
    // The first text: the numbers before it become texts too.
    const options = new Map<string, number>();
    for (let i = 0; i < at; i++) {
      const number = column.values[i]!;
      if (!Number.isNaN(number)) column.values[i] = placeOf(options, String(number));
    }
    column.options = options;
  }
  column.values[at] = placeOf(column.options, typeof value === "string" ? value : JSON.stringify(value));
}

function placeOf(options: Map<string, number>, text: string): number {
  const known = options.get(text);
  if (known !== undefined) return known;
  options.set(text, options.size);
  return options.size - 1;
}

const MOST_OPTIONS = 100;

/** What columns there are: facts, parameters, then values. */
export function describeColumns({ columns }: TrialFrame): TrialColumn[] {
  const rank = { fact: 0, param: 1, value: 2 } as const;
  return [...columns.values()]
    .map(({ id, title, kind, values, options }): TrialColumn => {
      let [count, low, high] = [0, Infinity, -Infinity];
      for (const v of values) {
        if (Number.isNaN(v)) continue;
        count++;
        if (v < low) low = v;
        if (v > high) high = v;
      }
      const head = { id, title, kind, count };
      if (options !== undefined)
        return { ...head, isNumeric: false, options: options.toSorted().slice(0, MOST_OPTIONS) };
      return { ...head, isNumeric: true, ...(Number.isFinite(low) && Number.isFinite(high) && { low, high }) };
    })
    .filter((c) => c.count > 0)
    .toSorted((a, b) => rank[a.kind] - rank[b.kind]);
}

/** Places of the trials that a search finds, in the order of their coming. */
export function select(frame: TrialFrame, { ranges = {}, texts = {}, ids }: TrialSearch): Int32Array {
  const tests: ((at: number) => boolean)[] = [];
  const none = (): boolean => false;
  if (ids !== undefined) {
    const wanted = new Set(ids);
    tests.push((at) => wanted.has(frame.ids[at]!));
  }
  for (const [id, { least = -Infinity, most = Infinity }] of Object.entries(ranges)) {
    const column = frame.columns.get(id);
    const values = column?.values;
    tests.push(
      values === undefined || column?.options !== undefined
        ? none
        : (at) => values[at]! >= least && values[at]! <= most,
    );
  }
  for (const [id, wanted] of Object.entries(texts)) {
    const column = frame.columns.get(id);
    if (column?.options === undefined) {
      const numbers = new Set(wanted.map(Number));
      tests.push(column === undefined ? none : (at) => numbers.has(column.values[at]!));
      continue;
    }
    const places = new Set(wanted.map((text) => column.options!.indexOf(text)));
    tests.push((at) => places.has(column.values[at]!));
  }
  const found = new Int32Array(frame.count);
  let count = 0;
  for (let at = 0; at < frame.count; at++) if (tests.every((test) => test(at))) found[count++] = at;
  return found.subarray(0, count);
}

/** The places sorted by a column; those without a value come last either way, equal ones in the order of their coming. */
export function sortPlaces(
  frame: TrialFrame,
  places: Int32Array,
  { column: id, isDescending }: TrialOrder,
): Int32Array {
  const column = frame.columns.get(id);
  if (column === undefined) return places;
  const keys = keysOf(column);
  const sign = isDescending ? -1 : 1;
  const known = places.filter((at) => !Number.isNaN(keys[at]!));
  const unknown = places.filter((at) => Number.isNaN(keys[at]!));
  known.sort((a, b) => sign * (keys[a]! - keys[b]!) || a - b);
  const all = new Int32Array(places.length);
  all.set(known);
  all.set(unknown, known.length);
  return all;
}

function keysOf({ values, options }: FrameColumn): Float64Array {
  if (options === undefined) return values;
  const rank = new Float64Array(options.length);
  options
    .map((text, i) => ({ text, i }))
    .toSorted((a, b) => (a.text < b.text ? -1 : 1))
    .forEach(({ i }, place) => (rank[i] = place));
  return values.map((v) => (Number.isNaN(v) ? NaN : rank[v]!));
}

/**
 * At most so many places, spread evenly: one of each stretch, by chance that is the same every time, since samplers may
 * take turns at any regular step. Those that are to be there always are.
 */
export function thin(places: Int32Array, most: number, always: ReadonlySet<number> = new Set()): Int32Array {
  if (places.length <= most) return places;
  const step = places.length / most;
  const kept = new Set(always);
  const random = seededRandom(0, "thin");
  for (let i = 0; i < most; i++) kept.add(places[Math.floor((i + random.next()) * step)]!);
  return Int32Array.from(kept).sort();
}
