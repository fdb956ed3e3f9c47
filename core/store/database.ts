import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import Sqlite, { type Database } from "better-sqlite3";
import { LatheError, toLatheError, type ErrorCode } from "../base/error.ts";
import { APPLICATION_ID, checkVersion, migrate, MIGRATIONS, versionOf, type Migration } from "./migrations.ts";

export const DATABASE_NAME = "project.sqlite";

export interface OpenDatabaseOptions {
  readonly mode: "read" | "write";
  readonly migrations?: readonly Migration[];
}

/**
 * Opens the database of a project and brings it to the current format. In read mode nothing on disk
 * changes: an older project is migrated in memory.
 * @throws not-found, invalid-project, newer-version, read-only, disk-full
 */
export function openDatabase(folder: string, { mode, migrations = MIGRATIONS }: OpenDatabaseOptions): Database {
  const file = join(folder, DATABASE_NAME);
  if (!existsSync(file)) {
    throw new LatheError("not-found", `There is no project in "${folder}".`, {
      hint: "Make one with `lathe init DIR`, or name its folder with --project DIR.",
    });
  }
  const options = { migrations, project: folder };
  return translated(folder, () => {
    let database = mode === "write" ? new Sqlite(file, { fileMustExist: true }) : openForReading(file);
    try {
      const id = database.pragma("application_id", { simple: true });
      const version = versionOf(database);
      if (id !== APPLICATION_ID && version !== 0) throw notOurs(file);
      checkVersion(version, options);
      if (mode === "read") {
        if (version < migrations.length) {
          const copy = inMemory(database.serialize());
          database.close();
          database = copy;
          migrate(database, options);
        }
        return database;
      }
      database.pragma("journal_mode = WAL");
      database.pragma("synchronous = FULL");
      database.pragma("busy_timeout = 2000");
      const opened = database;
      migrate(opened, { ...options, backup: () => backUp(opened, folder, version) });
      return opened;
    } catch (thrown) {
      database.close();
      throw thrown;
    }
  });
}

/**
 * A database in WAL mode needs files beside it even for reading. Where the folder cannot be written and
 * nothing is pending, its bytes are opened instead.
 */
function openForReading(file: string): Database {
  let database: Database | undefined;
  try {
    database = new Sqlite(file, { readonly: true, fileMustExist: true });
    database.pragma("busy_timeout = 2000");
    database.prepare("SELECT count(*) FROM sqlite_schema").get();
    return database;
  } catch (thrown) {
    database?.close();
    const code = sqliteCode(thrown);
    const pending = existsSync(`${file}-wal`) && statSync(`${file}-wal`).size > 0;
    if (pending || !(code.startsWith("SQLITE_CANTOPEN") || code.startsWith("SQLITE_READONLY"))) throw thrown;
    return inMemory(readFileSync(file));
  }
}

/** Bytes 18 and 19 of the header say whether a file is in WAL mode, which memory cannot be. */
function inMemory(bytes: Buffer): Database {
  bytes[18] = 1;
  bytes[19] = 1;
  return new Sqlite(bytes);
}

function backUp(database: Database, folder: string, version: number): void {
  let name = join(folder, `project.v${version}.backup.sqlite`);
  for (let n = 2; existsSync(name); n++) name = join(folder, `project.v${version}.backup-${n}.sqlite`);
  database.prepare("VACUUM INTO ?").run(name);
}

/** Runs database work; what SQLite throws becomes a LatheError about the project. */
export function translated<T>(project: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    const code = sqliteCode(thrown);
    if (code === "") throw toLatheError(thrown, `Project "${project}"`);
    const found = MEANINGS.find(([prefix]) => code.startsWith(prefix))?.[1] ?? OTHER;
    throw new LatheError(found.code, `Project "${project}" ${found.says}`, {
      details: { sqlite: code },
      hint: found.hint,
      cause: thrown,
    });
  }
}

interface Meaning {
  readonly code: ErrorCode;
  readonly says: string;
  readonly hint: string;
}

const OTHER: Meaning = { code: "io", says: "could not be read or written.", hint: "Check the disk, then try again." };

const MEANINGS: readonly (readonly [string, Meaning])[] = [
  [
    "SQLITE_FULL",
    {
      code: "disk-full",
      says: "could not be written: the disk is full.",
      hint: "Free some disk space and try again; nothing was changed.",
    },
  ],
  [
    "SQLITE_BUSY",
    { code: "locked", says: "is being written by another process.", hint: "Wait until it is done, then try again." },
  ],
  [
    "SQLITE_READONLY",
    {
      code: "read-only",
      says: "cannot be written.",
      hint: "Change the permissions of its folder, or copy the project elsewhere.",
    },
  ],
  [
    "SQLITE_CANTOPEN",
    {
      code: "read-only",
      says: "cannot be opened for writing.",
      hint: "Change the permissions of its folder, or copy the project elsewhere.",
    },
  ],
  [
    "SQLITE_NOTADB",
    {
      code: "invalid-project",
      says: "is damaged: project.sqlite is not a database.",
      hint: "Restore project.sqlite from a backup.",
    },
  ],
  [
    "SQLITE_CORRUPT",
    {
      code: "invalid-project",
      says: "is damaged: project.sqlite is corrupt.",
      hint: "Restore project.sqlite from a backup.",
    },
  ],
];

function sqliteCode(thrown: unknown): string {
  return thrown instanceof Sqlite.SqliteError ? thrown.code : "";
}

function notOurs(file: string): LatheError {
  return new LatheError("invalid-project", `"${file}" is a database of another program, not a Lathe project.`, {
    hint: "Name the folder of a project with --project DIR.",
  });
}
