import { hostname } from "node:os";
import { join } from "node:path";
import Sqlite, { type Database } from "better-sqlite3";
import { LatheError } from "../base/error.ts";

export interface Lock {
  release(): void;
}

interface Holder {
  readonly process: number;
  readonly host: string;
  readonly since: string;
}

/**
 * Claims a project for writing. The claim is a lock that the operating system holds on `project.lock`, so
 * it ends with the process however that ends, and is never stale. Who holds it stands inside the file.
 * @throws locked, naming the holder; read-only where the folder cannot be written
 */
export function lockProject(folder: string, now: string): Lock {
  const claimed = claim(folder, "project.lock", now);
  if ("release" in claimed) return claimed;
  throw openElsewhere(claimed.holder, folder);
}

/**
 * Claims the folder of a job for the process that does its work: there is never a second one, whoever started it.
 * Undefined where another process has it.
 * @throws read-only, disk-full
 */
export function lockJob(folder: string, now: string): Lock | undefined {
  const claimed = claim(folder, "process.lock", now);
  return "release" in claimed ? claimed : undefined;
}

function claim(folder: string, name: string, now: string): Lock | { readonly holder: Holder | undefined } {
  let database: Database;
  try {
    database = new Sqlite(join(folder, name));
    database.pragma("busy_timeout = 0");
  } catch (thrown) {
    throw cannotWrite(folder, thrown);
  }
  try {
    database.exec("BEGIN IMMEDIATE");
    database.exec("CREATE TABLE IF NOT EXISTS holder (id INTEGER PRIMARY KEY, process INTEGER, host TEXT, since TEXT)");
    database.prepare("INSERT OR REPLACE INTO holder VALUES (1, ?, ?, ?)").run(process.pid, hostname(), now);
    database.exec("COMMIT");
    // A reserved lock keeps other writers out and lets them read who holds it.
    database.exec("BEGIN IMMEDIATE");
  } catch (thrown) {
    const code = thrown instanceof Sqlite.SqliteError ? thrown.code : "";
    const holder = readHolder(database);
    database.close();
    if (code.startsWith("SQLITE_BUSY")) return { holder };
    throw cannotWrite(folder, thrown);
  }
  return { release: () => void database.close() };
}

function openElsewhere(holder: Holder | undefined, folder: string): LatheError {
  const who = holder === undefined ? "" : `: process "${holder.process}" on "${holder.host}" since ${holder.since}`;
  return new LatheError("locked", `Project "${folder}" is open elsewhere${who}.`, {
    details: { ...holder },
    hint: "Close it there first; commands that only read work meanwhile.",
  });
}

function readHolder(database: Database): Holder | undefined {
  try {
    const row = database.prepare("SELECT process, host, since FROM holder WHERE id = 1").get();
    return row as Holder | undefined;
  } catch {
    return undefined;
  }
}

function cannotWrite(folder: string, cause: unknown): LatheError {
  const full = cause instanceof Sqlite.SqliteError && cause.code === "SQLITE_FULL";
  if (full) {
    return new LatheError("disk-full", `Project "${folder}" could not be written: the disk is full.`, {
      hint: "Free some disk space and try again; nothing was changed.",
      cause,
    });
  }
  return new LatheError("read-only", `Project "${folder}" is read-only.`, {
    hint: "Commands that only read work; to change it, make its folder writable or copy the project elsewhere.",
    cause,
  });
}
