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
