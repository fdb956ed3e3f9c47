import type { Database } from "better-sqlite3";
import { nonDominated } from "../base/pareto.ts";
import { trial, type Trial } from "../contract/trial.ts";
import type { FrontPoint, Objective, StoredTrial, TrialFilter, TrialOrigin, TrialPage } from "../contract/trials.ts";
import type { RecordDoor } from "./records.ts";

/** What the methods of a project have tried. */
export interface TrialTable {
  /**
   * Adds trials of one run. `first` is the place of the first of them in the run's log; those that are there already
   * stay as they are, so that reading a log twice changes nothing.
   */
  add(origin: TrialOrigin, trials: readonly Trial[], first: number): void;
  /** How many trials of a run are kept. */
  countOf(origin: Pick<TrialOrigin, "job" | "run">): number;
  count(filter?: TrialFilter): number;
  list(filter?: TrialFilter, page?: TrialPage): readonly StoredTrial[];
  /** Trials behind the one of an id, as they came. */
  scan(after: number, limit: number): readonly StoredTrial[];
  /** Trials by their ids, in that order; those that are gone are left out. */
  get(ids: readonly number[]): readonly StoredTrial[];
  /** The finished trials that no other finished one beats, in the order of the first objective. */
  front(objectives: readonly Objective[], filter?: TrialFilter): readonly FrontPoint[];
  /** The jobs that have trials, also those that were removed since. */
  jobs(): readonly string[];
  /** Names of all values, sorted. */
  valueNames(): readonly string[];
  remove(job: string): void;
}

interface Row {
  readonly id: number;
  readonly job: string;
  readonly method: string;
  readonly run: string;
  readonly record: string;
}

export function openTrialTable(database: Database, { read, write, parse }: RecordDoor): TrialTable {
  const run = (sql: string, ...values: (string | number)[]): unknown[] =>
    read(() => database.prepare(sql).all(...values));
  const stored = ({ record, ...row }: Row): StoredTrial => ({
    ...row,
    trial: parse(trial, record, `trial ${row.id}`),
  });
  return {
    add: (origin, trials, first) => {
      const checked = trials.map((t) => trial.parse(t));
      write(() => database.transaction(() => insert(database, origin, { trials: checked, first }))());
    },
    countOf: ({ job, run: key }) =>
      read(
        () => database.prepare("SELECT count(*) FROM trial WHERE job = ? AND run = ?").pluck().get(job, key) as number,
      ),
    count: (filter = {}) => {
      const { where, values } = whereOf(filter);
      return read(
        () =>
          database
            .prepare(`SELECT count(*) FROM trial t ${where}`)
            .pluck()
            .get(...values) as number,
      );
    },
    list: (filter = {}, page = {}) => {
      const { where, values } = whereOf(filter);
      const by = page.by === undefined ? "" : "LEFT JOIN trial_value o ON o.name = ? AND o.trial = t.id";
      const direction = page.isDescending === true ? "DESC" : "ASC";
      const order = page.by === undefined ? `t.id ${direction}` : `o.value IS NULL, o.value ${direction}, t.id`;
      const rows = run(
        `SELECT t.id, t.job, t.method, t.run, t.record FROM trial t ${by} ${where} ORDER BY ${order} LIMIT ? OFFSET ?`,
        ...(page.by === undefined ? [] : [page.by]),
        ...values,
        page.limit ?? -1,
        page.offset ?? 0,
      ) as Row[];
      return rows.map(stored);
    },
    scan: (after, limit) => {
      const sql = "SELECT id, job, method, run, record FROM trial WHERE id > ? ORDER BY id LIMIT ?";
      return (run(sql, after, limit) as Row[]).map(stored);
    },
    get: (ids) => {
      const one = read(() => database.prepare("SELECT id, job, method, run, record FROM trial WHERE id = ?"));
      return ids.flatMap((id) => {
        const row = read(() => one.get(id)) as Row | undefined;
        return row === undefined ? [] : [stored(row)];
      });
    },
    front: (objectives, filter = {}) => {
      const { where, values } = whereOf({ ...filter, states: ["done"] });
      const joins = objectives.map((_, i) => `JOIN trial_value v${i} ON v${i}.name = ? AND v${i}.trial = t.id`);
      const columns = objectives.map((_, i) => `v${i}.value`);
      const sql = `SELECT ${["t.id", ...columns].join(", ")} FROM trial t ${joins.join(" ")} ${where}`;
      const names = objectives.map((o) => o.value);
      const points = read(
        () =>
          database
            .prepare(sql)
            .raw()
            .all(...names, ...values) as number[][],
      );
      const costs = points.map(([, ...point]) => point.map((v, i) => (objectives[i]?.goal === "most" ? -v : v)));
      return nonDominated(costs).map((i) => ({ id: points[i]![0]!, values: points[i]!.slice(1) }));
    },
    jobs: () => distinct(run, "job", "trial"),
    valueNames: () => distinct(run, "name", "trial_value"),
    remove: (job) =>
      write(() =>
        database.transaction(() => {
          database.prepare("DELETE FROM trial_value WHERE trial IN (SELECT id FROM trial WHERE job = ?)").run(job);
          database.prepare("DELETE FROM trial WHERE job = ?").run(job);
        })(),
      ),
  };
}

function insert(
  database: Database,
  { job, method, run }: TrialOrigin,
  { trials, first }: { readonly trials: readonly Trial[]; readonly first: number },
): void {
  const add = database.prepare(
    `INSERT OR IGNORE INTO trial (job, method, run, place, "group", state, record) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const addValue = database.prepare("INSERT INTO trial_value (name, trial, value) VALUES (?, ?, ?)");
  trials.forEach((t, i) => {
    const { changes, lastInsertRowid } = add.run(
      job,
      method,
      run,
      first + i,
      t.group ?? "",
      t.state,
      JSON.stringify(t),
    );
    if (changes === 0) return;
    for (const [name, value] of Object.entries(t.values)) {
      if (Number.isFinite(value)) addValue.run(name, lastInsertRowid, value);
    }
  });
}

/** Steps from text to text through the index: the table itself may have a million rows. */
function distinct(
  run: (sql: string, ...values: string[]) => unknown[],
  column: "job" | "name",
  table: "trial" | "trial_value",
): readonly string[] {
  const found: string[] = [];
  for (let last = ""; ;) {
    const [next] = run(`SELECT min(${column}) AS text FROM ${table} WHERE ${column} > ?`, last) as {
      text: string | null;
    }[];
    if (next?.text == null) return found;
    found.push((last = next.text));
  }
}

interface Where {
  readonly where: string;
  readonly values: readonly (string | number)[];
}

function whereOf({ job, method, group, states, values: bounds = {} }: TrialFilter): Where {
  const parts: string[] = [];
  const values: (string | number)[] = [];
  const add = (sql: string, ...given: (string | number)[]): void => {
    parts.push(sql);
    values.push(...given);
  };
  if (job !== undefined) add("t.job = ?", job);
  if (method !== undefined) add("t.method = ?", method);
  if (group !== undefined) add('t."group" = ?', group);
  if (states !== undefined) add(`t.state IN (${states.map(() => "?").join(", ")})`, ...states);
  for (const [name, { least = -Infinity, most = Infinity }] of Object.entries(bounds)) {
    add(
      "EXISTS (SELECT 1 FROM trial_value b WHERE b.name = ? AND b.trial = t.id AND b.value >= ? AND b.value <= ?)",
      name,
      least,
      most,
    );
  }
  return { where: parts.length === 0 ? "" : `WHERE ${parts.join(" AND ")}`, values };
}
