import type { Database } from "better-sqlite3";
import { job, type Job, type JobState } from "../contract/jobs.ts";
import type { RecordDoor } from "./records.ts";

/** The jobs of a project. */
export interface JobTable {
  /** In the order of their coming; only those in one of the states where any are given. */
  list(states?: readonly JobState[]): readonly Job[];
  find(id: string): Job | undefined;
  /** Adds a job, or puts a newer record in its place. */
  save(saved: Job): void;
  remove(id: string): void;
}

export function openJobTable(database: Database, { read, write, parse }: RecordDoor): JobTable {
  const parsed = (rows: readonly unknown[]): readonly Job[] =>
    (rows as readonly { id: string; record: string }[]).map((row) => parse(job, row.record, `job "${row.id}"`));
  return {
    list: (states) =>
      parsed(
        read(() =>
          states === undefined
            ? database.prepare("SELECT id, record FROM job ORDER BY position").all()
            : database
                .prepare(
                  `SELECT id, record FROM job WHERE state IN (${states.map(() => "?").join(", ")}) ORDER BY position`,
                )
                .all(...states),
        ),
      ),
    find: (id) => parsed(read(() => database.prepare("SELECT id, record FROM job WHERE id = ?").all(id)))[0],
    save: (saved) => {
      const checked = job.parse(saved);
      write(() => {
        database
          .prepare(
            `INSERT INTO job (position, id, state, record)
             VALUES ((SELECT coalesce(max(position), 0) + 1 FROM job), ?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET state = excluded.state, record = excluded.record`,
          )
          .run(checked.id, checked.state, JSON.stringify(checked));
      });
    },
    remove: (id) => write(() => void database.prepare("DELETE FROM job WHERE id = ?").run(id)),
  };
}
