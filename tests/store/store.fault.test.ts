import { spawnSync, spawn } from "node:child_process";
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { expect, test } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { LatheError } from "../../core/base/error.ts";
import { openArtifacts } from "../../core/store/artifacts.ts";
import { openDatabase } from "../../core/store/database.ts";
import { MIGRATIONS } from "../../core/store/migrations.ts";
import { createStore, openStore, ProjectStore } from "../../core/store/store.ts";
import { settings, smallDisk, someVariant, temporaryFolder } from "./fixtures.ts";

const root = join(import.meta.dirname, "..", "..");

async function projectWith(...names: string[]): Promise<string> {
  const folder = temporaryFolder();
  const store = await createStore(folder, settings, nodeHost);
  for (const name of names) store.addVariant(someVariant(name));
  store.close();
  return folder;
}

async function namesIn(folder: string): Promise<string[]> {
  const store = await openStore(folder, { mode: "read" }, nodeHost);
  try {
    return store.variants().map((v) => v.name);
  } finally {
    store.close();
  }
}

async function errorOf(work: () => unknown): Promise<{ code: string; message: string; hint: string | undefined }> {
  try {
    await work();
  } catch (thrown) {
    if (thrown instanceof LatheError) return { code: thrown.code, message: thrown.message, hint: thrown.hint };
    throw thrown;
  }
  throw new Error("nothing was thrown");
}

test("says who has the project open, and lets others read", async () => {
  const folder = await projectWith("a");
  const holder = await openStore(
    folder,
    { mode: "write" },
    { ...nodeHost, clock: { ...nodeHost.clock, now: () => "2026-01-01T00:00:00.000Z" } },
  );
  expect(await errorOf(() => openStore(folder, { mode: "write" }, nodeHost))).toEqual({
    code: "locked",
    message: `Project "${folder}" is open elsewhere: process "${process.pid}" on "${hostname()}" since 2026-01-01T00:00:00.000Z.`,
    hint: "Close it there first; commands that only read work meanwhile.",
  });
  expect(await namesIn(folder)).toEqual(["a"]);
  holder.close();
  (await openStore(folder, { mode: "write" }, nodeHost)).close();
});

test("a process that was killed leaves no lock and no half-written artefact", async () => {
  const folder = await projectWith("a");
  const script = `
    import { openStore } from "${root}/core/store/store.ts";
    import { nodeHost } from "${root}/core/app/nodeHost.ts";
    const store = await openStore(process.argv[1], { mode: "write" }, nodeHost);
    async function* endless() { for (;;) { yield new Uint8Array(1 << 16); await new Promise((r) => setTimeout(r, 5)); } }
    const writer = await nodeHost.files.create(process.argv[1] + "/artifacts/incoming");
    await writer.write(new Uint8Array(1000));
    console.log("writing");
    for await (const chunk of endless()) await writer.write(chunk);`;
  const setup = await openStore(folder, { mode: "write" }, nodeHost);
  await setup.artifacts.putBytes(new Uint8Array(3));
  setup.close();
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script, folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((done) => child.stdout.once("data", done));
  expect((await errorOf(() => openStore(folder, { mode: "write" }, nodeHost))).code).toBe("locked");
  child.kill("SIGKILL");
  await new Promise((done) => child.once("exit", done));
  expect(readdirSync(join(folder, "artifacts")).some((name) => name.endsWith(".part"))).toBe(true);

  const store = await openStore(folder, { mode: "write" }, nodeHost);
  expect(store.variants().map((v) => v.name)).toEqual(["a"]);
  expect(readdirSync(join(folder, "artifacts")).some((name) => name.endsWith(".part"))).toBe(false);
  store.close();
});

test("refuses a project of a newer Lathe and leaves it alone", async () => {
  const folder = await projectWith("a");
  const newer = MIGRATIONS.length + 4;
  const database = new Sqlite(join(folder, "project.sqlite"));
  database.pragma(`user_version = ${newer}`);
  database.close();
  const before = readFileSync(join(folder, "project.sqlite"));
  for (const mode of ["read", "write"] as const) {
    expect(await errorOf(() => openStore(folder, { mode }, nodeHost))).toEqual({
      code: "newer-version",
      message: `Project "${folder}" was written by a newer Lathe: its format is "${newer}", this Lathe reads up to "${MIGRATIONS.length}".`,
      hint: "Update Lathe, or open the project with the Lathe that wrote it.",
    });
  }
  expect(readFileSync(join(folder, "project.sqlite")).equals(before)).toBe(true);
});

test("a migration that fails leaves the step before it, and a backup", async () => {
  const folder = await projectWith("a");
  const migrations = [
    ...MIGRATIONS,
    { title: "add notes", sql: "CREATE TABLE note (text TEXT) STRICT" },
    { title: "break", sql: "DROP TABLE variant; INSERT INTO nowhere VALUES (1)" },
  ];
  expect(await errorOf(() => openDatabase(folder, { mode: "write", migrations }))).toEqual({
    code: "invalid-project",
    message: `Project "${folder}": the step from format "${MIGRATIONS.length + 1}" to "${MIGRATIONS.length + 2}" (break) failed.`,
    hint: "The project is as it was before this step; a backup lies beside it.",
  });
  const database = new Sqlite(join(folder, "project.sqlite"), { readonly: true });
  expect(database.pragma("user_version", { simple: true })).toBe(MIGRATIONS.length + 1);
  expect(database.prepare("SELECT id FROM variant").pluck().get()).toBe("a");
  database.close();
  cpSync(join(folder, `project.v${MIGRATIONS.length}.backup.sqlite`), join(folder, "project.sqlite"));
  expect(await namesIn(folder)).toEqual(["a"]);
});

test("a project opened for reading refuses to change", async () => {
  const folder = await projectWith("a");
  const store = await openStore(folder, { mode: "read" }, nodeHost);
  expect(await errorOf(() => store.addVariant(someVariant("b")))).toEqual({
    code: "read-only",
    message: `Project "${folder}" is open for reading only.`,
    hint: "Open it for writing to change it.",
  });
  store.close();
  expect(await namesIn(folder)).toEqual(["a"]);
});

test("a project in a folder that cannot be written opens for reading, and says so for writing", async () => {
  const folder = await projectWith("a");
  const script = `
    import { openStore } from "${root}/core/store/store.ts";
    import { nodeHost } from "${root}/core/app/nodeHost.ts";
    if (process.getuid?.() === 0) process.setuid(65534);
    const folder = process.argv[1];
    const store = await openStore(folder, { mode: "read" }, nodeHost);
    const error = await openStore(folder, { mode: "write" }, nodeHost).catch((e) => ({ code: e.code, message: e.message, hint: e.hint }));
    console.log(JSON.stringify({ names: store.variants().map((v) => v.name), error }));`;
  for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o444);
  chmodSync(folder, 0o555);
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module-typescript", "-e", script, folder], {
    encoding: "utf8",
  });
  chmodSync(folder, 0o755);
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual({
    names: ["a"],
    error: {
      code: "read-only",
      message: `Project "${folder}" is read-only.`,
      hint: "Commands that only read work; to change it, make its folder writable or copy the project elsewhere.",
    },
  });
});

test("a full disk under the database leaves the project as it was", async () => {
  const folder = await projectWith("a");
  const database = openDatabase(folder, { mode: "write" });
  database.pragma(`max_page_count = ${String(database.pragma("page_count", { simple: true }))}`);
  const store = new ProjectStore(folder, {
    database,
    lock: { release: () => undefined },
    artifacts: openArtifacts(join(folder, "artifacts"), nodeHost),
  });
  const big = { ...someVariant("b"), warnings: ["x".repeat(100_000)] };
  expect(await errorOf(() => store.addVariant(big))).toEqual({
    code: "disk-full",
    message: `Project "${folder}" could not be written: the disk is full.`,
    hint: "Free some disk space and try again; nothing was changed.",
  });
  store.close();
  expect(await namesIn(folder)).toEqual(["a"]);
});

test("a full disk under an artefact leaves nothing behind", async () => {
  const folder = await projectWith("a");
  const store = await openStore(folder, { mode: "write" }, smallDisk(5 * 1024 * 1024));
  const error = await errorOf(() => store.artifacts.putBytes(new Uint8Array(9 * 1024 * 1024)));
  expect(error.code).toBe("disk-full");
  expect(readdirSync(join(folder, "artifacts"))).toEqual([]);
  expect((await store.artifacts.putBytes(new Uint8Array(10))).bytes).toBe(10);
  store.close();
});

test("a cancelled artefact leaves nothing behind", async () => {
  const store = await createStore(temporaryFolder(), settings, nodeHost);
  const error = await errorOf(() => store.artifacts.putBytes(new Uint8Array(10), AbortSignal.abort()));
  expect(error.code).toBe("cancelled");
  expect(readdirSync(join(store.folder, "artifacts"))).toEqual([]);
  store.close();
});

test("an artefact that changed on disk is not handed out", async () => {
  const folder = temporaryFolder();
  const store = await createStore(folder, settings, nodeHost);
  const artifact = await store.artifacts.putBytes(new TextEncoder().encode("abc"));
  store.close();
  const path = openArtifacts(join(folder, "artifacts"), nodeHost).path(artifact);
  writeFileSync(path, "abd");
  const again = await openStore(folder, { mode: "write" }, nodeHost);
  expect(await errorOf(() => again.artifacts.read(artifact))).toEqual({
    code: "integrity",
    message: `Artefact "${artifact.sha256}" is damaged: its content has SHA-256 "a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65cbe86298449c9".`,
    hint: "Restore the file from a backup, or remove it and import or run again what made it.",
  });
  await again.artifacts.putBytes(new TextEncoder().encode("abc"));
  expect(await again.artifacts.read(artifact)).toEqual(Buffer.from("abc"));
  again.close();
});

/** Opens a project of variants "a" and "b" after the record of "b" was changed by an SQL expression over it. */
async function withDamaged(to: string, mode: "read" | "write" = "read"): Promise<ProjectStore> {
  const folder = await projectWith("a", "b");
  const database = new Sqlite(join(folder, "project.sqlite"));
  database.prepare(`UPDATE variant SET record = ${to} WHERE id = 'b'`).run();
  database.close();
  return openStore(folder, { mode }, nodeHost);
}

test.each([
  ["json_set(record, '$.warnings', 'oops')", "warnings: Invalid input: expected array, received string"],
  ["json_remove(record, '$.model')", "model: Invalid input: expected object, received undefined"],
  ["'{'", "not JSON"],
])("a damaged record (%s) is named and hides no other", async (to, why) => {
  const store = await withDamaged(to);
  const [whole, lost] = store.variants();
  expect([whole?.id, whole?.damage]).toEqual(["a", undefined]);
  expect(lost).toMatchObject({ id: "b", name: "b", recipe: null, measurements: null });
  expect(lost?.damage).toBe(`Its record is damaged ("${why}"); restore project.sqlite from a backup.`);
  store.close();
});

test("damaged measurements are left out, and the rest of the record is as it was", async () => {
  const store = await withDamaged("json_set(record, '$.measurements', json('{\"layers\": 3}'))", "write");
  const [, unmeasured] = store.variants();
  expect(unmeasured?.damage).toMatch(
    /^Its measurements are damaged \("measurements\.at: .*"\) and left out; measure it again\.$/,
  );
  expect(unmeasured).toMatchObject({
    id: "b",
    measurements: null,
    model: { sha256: expect.stringMatching(/./) as unknown },
  });
  store.updateVariant(unmeasured!);
  expect(store.variants()[1]?.damage).toBeUndefined();
  store.close();
});

test("a record that cannot be read is not written over", async () => {
  const store = await withDamaged("'{'", "write");
  const [, lost] = store.variants();
  const failure = await errorOf(() => store.updateVariant({ ...lost!, name: "other" }));
  expect(failure).toMatchObject({ code: "invalid-project" });
  expect(failure.message).toMatch(/^"other" cannot be changed: Its record is damaged \("not JSON"\)/);
  store.close();
});

test.each([
  [
    "not a database",
    (file: string) => writeFileSync(file, "hello ".repeat(1000)),
    (folder: string) => `Project "${folder}" is damaged: project.sqlite is not a database.`,
  ],
  [
    "a database of another program",
    (file: string) => {
      const other = new Sqlite(`${file}.other`);
      other.exec("CREATE TABLE x (y)");
      other.pragma("user_version = 1");
      other.close();
      cpSync(`${file}.other`, file);
    },
    (folder: string) => `"${join(folder, "project.sqlite")}" is a database of another program, not a Lathe project.`,
  ],
])("%s in the place of a project is refused", async (_, plant, message) => {
  const folder = temporaryFolder();
  plant(join(folder, "project.sqlite"));
  for (const mode of ["read", "write"] as const) {
    const error = await errorOf(() => openStore(folder, { mode }, nodeHost));
    expect([error.code, error.message]).toEqual(["invalid-project", message(folder)]);
  }
});

test("no project is an error with the way out", async () => {
  const folder = temporaryFolder();
  for (const mode of ["read", "write"] as const) {
    expect(await errorOf(() => openStore(folder, { mode }, nodeHost))).toEqual({
      code: "not-found",
      message: `There is no project in "${folder}".`,
      hint: "Make one with `lathe init DIR`, or name its folder with --project DIR.",
    });
  }
  expect(existsSync(join(folder, "project.lock"))).toBe(false);
});
