import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import Sqlite, { type Database } from "better-sqlite3";
import type { z } from "zod";
import { LatheError, toLatheError } from "../base/error.ts";
import type { Host } from "../base/host.ts";
import { projectData, projectSettings, variant } from "../contract/project.ts";
import type { ProjectData, ProjectSettings, Variant } from "../contract/project.ts";
import { openArtifacts, type Artifacts } from "./artifacts.ts";
import { DATABASE_NAME, openDatabase, translated } from "./database.ts";
import { openJobTable, type JobTable } from "./jobTable.ts";
import { lockProject, type Lock } from "./lock.ts";
import { migrate, MIGRATIONS } from "./migrations.ts";
import type { RecordDoor } from "./records.ts";
import { isLost, readVariant, type VariantRow } from "./readVariant.ts";
import { openTrialTable, type TrialTable } from "./trialTable.ts";

export interface OpenStoreOptions {
  readonly mode: "read" | "write";
}

/**
 * Makes a new project in a folder, which is created where it is missing. The project is there as a whole or not at all.
 * @throws already-exists, read-only, disk-full
 */
export async function createStore(folder: string, settings: ProjectSettings, host: Host): Promise<ProjectStore> {
  await host.files.makeFolder(folder);
  const file = join(folder, DATABASE_NAME);
  if (existsSync(file)) {
    throw new LatheError("already-exists", `"${folder}" already holds a project.`, {
      hint: "Use it with --project, or choose another folder.",
    });
  }
  const lock = lockProject(folder, host.clock.now());
  const draft = `${file}.part`;
  try {
    await rm(draft, { force: true });
    translated(folder, () => {
      const database = new Sqlite(draft);
      try {
        migrate(database, { migrations: MIGRATIONS, project: folder });
        database.prepare("INSERT INTO settings VALUES (1, ?)").run(JSON.stringify(settings));
      } finally {
        database.close();
      }
    });
    await rename(draft, file);
  } catch (thrown) {
    await rm(draft, { force: true }).catch(() => undefined);
    lock.release();
    throw toLatheError(thrown, `Making a project in "${folder}"`);
  }
  return finishOpening(folder, lock, host);
}

/**
 * Opens the project of a folder. One process at a time may have it open for writing; reading is always possible.
 * @throws not-found, locked, read-only, newer-version, invalid-project
 */
export async function openStore(folder: string, { mode }: OpenStoreOptions, host: Host): Promise<ProjectStore> {
  if (mode === "write") {
    if (existsSync(join(folder, DATABASE_NAME)))
      return finishOpening(folder, lockProject(folder, host.clock.now()), host);
  }
  const database = openDatabase(folder, { mode: "read" });
  return new ProjectStore(folder, { database, lock: undefined, artifacts: artifactsOf(folder, host) });
}

async function finishOpening(folder: string, lock: Lock, host: Host): Promise<ProjectStore> {
  try {
    const artifacts = artifactsOf(folder, host);
    const database = openDatabase(folder, { mode: "write" });
    try {
      await artifacts.sweep();
    } catch (thrown) {
      database.close();
      throw thrown;
    }
    return new ProjectStore(folder, { database, lock, artifacts });
  } catch (thrown) {
    lock.release();
    throw thrown;
  }
}

function artifactsOf(folder: string, host: Host): Artifacts {
  return openArtifacts(join(folder, "artifacts"), host);
}

export interface StoreParts {
  readonly database: Database;
  /** Absent in a project that is open for reading. */
  readonly lock: Lock | undefined;
  readonly artifacts: Artifacts;
}

/** An open project: its records and artefacts. Every record is checked against the contract when read and when written. */
export class ProjectStore {
  readonly folder: string;
  readonly canWrite: boolean;
  readonly artifacts: Artifacts;
  readonly jobs: JobTable;
  readonly trials: TrialTable;
  readonly #database: Database;
  readonly #lock: Lock | undefined;

  constructor(folder: string, parts: StoreParts) {
    this.folder = folder;
    this.canWrite = parts.lock !== undefined;
    this.artifacts = parts.artifacts;
    this.#database = parts.database;
    this.#lock = parts.lock;
    const door: RecordDoor = {
      read: (work) => translated(folder, work),
      write: (work) => {
        this.checkWritable();
        translated(folder, work);
      },
      parse: (schema, text, where) => this.#parse(schema, text, where),
    };
    this.jobs = openJobTable(parts.database, door);
    this.trials = openTrialTable(parts.database, door);
  }

  get settings(): ProjectSettings {
    const text = this.#one("SELECT record FROM settings WHERE id = 1");
    if (text === undefined) throw this.#damaged("settings", "missing");
    return this.#parse(projectSettings, text, "settings");
  }

  /** All variants. A damaged record takes nothing from the others: `damage` says what could not be read of it. */
  variants(): readonly Variant[] {
    return this.#list("variant").map(readVariant);
  }

  data(): readonly ProjectData[] {
    return this.#list("data").map(({ id, record }) => this.#parse(projectData, record, `data set "${id}"`));
  }

  saveSettings(settings: ProjectSettings): void {
    this.#write("UPDATE settings SET record = ? WHERE id = 1", [JSON.stringify(projectSettings.parse(settings))]);
  }

  /** @throws already-exists where the name is taken */
  addVariant(added: Variant): void {
    this.#add("variant", variant.parse(added));
  }

  /** @throws invalid-project for one whose record cannot be read: writing it would lose what may still be saved */
  updateVariant(changed: Variant): void {
    const { damage, ...kept } = variant.parse(changed);
    if (damage !== undefined && isLost(changed)) {
      throw new LatheError("invalid-project", `"${changed.name}" cannot be changed: ${damage}`, {
        hint: "Restore project.sqlite from a backup.",
      });
    }
    const record = JSON.stringify(kept);
    this.#write("UPDATE variant SET name = ?, record = ? WHERE id = ?", [changed.name, record, changed.id]);
  }

  /** @throws already-exists where the name is taken */
  addData(added: ProjectData): void {
    this.#add("data", projectData.parse(added));
  }

  updateData(changed: ProjectData): void {
    const record = JSON.stringify(projectData.parse(changed));
    this.#write("UPDATE data SET name = ?, record = ? WHERE id = ?", [changed.name, record, changed.id]);
  }

  /** Does several changes as one: all of them or none. */
  together(changes: () => void): void {
    this.checkWritable();
    translated(this.folder, () => {
      this.#database.transaction(changes)();
    });
  }

  /** @throws read-only */
  checkWritable(): void {
    if (this.canWrite) return;
    throw new LatheError("read-only", `Project "${this.folder}" is open for reading only.`, {
      hint: "Open it for writing to change it.",
    });
  }

  close(): void {
    this.#database.close();
    this.#lock?.release();
  }

  #add(table: "variant" | "data", added: Variant | ProjectData): void {
    const taken = this.#one(`SELECT id FROM ${table} WHERE name = ? OR id = ?`, [added.name, added.id]);
    if (taken !== undefined) {
      throw new LatheError("already-exists", `The project already has a ${NOUNS[table]} called "${added.name}".`, {
        hint: "Choose another name with --name.",
      });
    }
    const position = `(SELECT coalesce(max(position), 0) + 1 FROM ${table})`;
    const values = [added.id, added.name, JSON.stringify(added)];
    this.#write(`INSERT INTO ${table} (position, id, name, record) VALUES (${position}, ?, ?, ?)`, values);
  }

  #write(sql: string, values: readonly string[]): void {
    this.checkWritable();
    translated(this.folder, () => void this.#database.prepare(sql).run(...values));
  }

  #one(sql: string, values: readonly string[] = []): string | undefined {
    return translated(
      this.folder,
      () =>
        this.#database
          .prepare(sql)
          .pluck()
          .get(...values) as string | undefined,
    );
  }

  #list(table: "variant" | "data"): readonly VariantRow[] {
    const rows = translated(this.folder, () =>
      this.#database.prepare(`SELECT id, name, record FROM ${table} ORDER BY position`).all(),
    );
    return rows as VariantRow[];
  }

  #parse<T>(schema: z.ZodType<T>, text: string, where: string): T {
    let raw: unknown;
    try {
      raw = JSON.parse(text);
    } catch {
      throw this.#damaged(where, "not JSON");
    }
    const parsed = schema.safeParse(raw);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    throw this.#damaged(where, `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "wrong"}`);
  }

  #damaged(where: string, what: string): LatheError {
    return new LatheError(
      "invalid-project",
      `Project "${this.folder}": the record of ${where} is damaged ("${what}").`,
      {
        hint: "Restore project.sqlite from a backup.",
      },
    );
  }
}

const NOUNS = { variant: "variant", data: "data set" } as const;
