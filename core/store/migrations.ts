import type { Database } from "better-sqlite3";
import { LatheError } from "../base/error.ts";

/** One step of the project format. Step n takes a database of version n to version n + 1. */
export interface Migration {
  readonly title: string;
  readonly sql: string;
}

/** Marks the file as ours ("Lthe"), so that any other SQLite file is told apart. */
export const APPLICATION_ID = 0x4c746865;

/** The history of the project format. Steps are only ever appended. */
export const MIGRATIONS: readonly Migration[] = [
  {
    title: "settings, variants and data as checked JSON records",
    sql: `
      CREATE TABLE settings (id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT NOT NULL) STRICT;
      CREATE TABLE variant (
        position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, record TEXT NOT NULL
      ) STRICT;
      CREATE TABLE data (
        position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, record TEXT NOT NULL
      ) STRICT;`,
  },
  {
    title: "jobs, and what methods tried",
    // The place in the run's log keeps a trial from being added twice. Values stand apart, so that they can be searched.
    sql: `
      CREATE TABLE job (
        position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, state TEXT NOT NULL, record TEXT NOT NULL
      ) STRICT;
      CREATE INDEX job_state ON job (state);
      CREATE TABLE trial (
        id INTEGER PRIMARY KEY, job TEXT NOT NULL, method TEXT NOT NULL, run TEXT NOT NULL, place INTEGER NOT NULL,
        "group" TEXT NOT NULL, state TEXT NOT NULL, record TEXT NOT NULL, UNIQUE (job, run, place)
      ) STRICT;
      CREATE INDEX trial_method ON trial (method);
      CREATE INDEX trial_group ON trial ("group");
      CREATE INDEX trial_state ON trial (state);
      CREATE TABLE trial_value (
        name TEXT NOT NULL, trial INTEGER NOT NULL, value REAL NOT NULL, PRIMARY KEY (name, trial)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX trial_value_of ON trial_value (trial);
      CREATE INDEX trial_value_order ON trial_value (name, value);`,
  },
];

export function versionOf(database: Database): number {
  return database.pragma("user_version", { simple: true }) as number;
}

export interface MigrateOptions {
  readonly migrations: readonly Migration[];
  /** The project as the user knows it, for error texts. */
  readonly project: string;
  /** Called before the first step changes a database that holds something. */
  readonly backup?: () => void;
}

/**
 * Brings a database to the newest version, each step in a transaction of its own.
 * @throws newer-version where the file is from a later Lathe; invalid-project where a step fails, which
 * leaves the version before that step.
 */
export function migrate(database: Database, options: MigrateOptions): void {
  const { migrations, project, backup } = options;
  const from = versionOf(database);
  checkVersion(from, options);
  if (from === migrations.length) return;
  if (from > 0 || database.prepare("SELECT count(*) AS n FROM sqlite_schema").pluck().get() !== 0) backup?.();
  migrations.slice(from).forEach((step, i) => {
    try {
      database.transaction(() => {
        database.exec(step.sql);
        database.pragma(`user_version = ${from + i + 1}`);
        database.pragma(`application_id = ${APPLICATION_ID}`);
      })();
    } catch (thrown) {
      throw new LatheError(
        "invalid-project",
        `Project "${project}": the step from format "${from + i}" to "${from + i + 1}" (${step.title}) failed.`,
        { hint: "The project is as it was before this step; a backup lies beside it.", cause: thrown },
      );
    }
  });
}

/** @throws newer-version */
export function checkVersion(version: number, { migrations, project }: MigrateOptions): void {
  if (version <= migrations.length) return;
  throw new LatheError(
    "newer-version",
    `Project "${project}" was written by a newer Lathe: its format is "${version}", this Lathe reads up to "${migrations.length}".`,
    {
      details: { version, supported: migrations.length },
      hint: "Update Lathe, or open the project with the Lathe that wrote it.",
    },
  );
}
