import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { expect, test } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { openDatabase } from "../../core/store/database.ts";
import { migrate, MIGRATIONS } from "../../core/store/migrations.ts";
import { createStore, openStore } from "../../core/store/store.ts";
import { settings, someVariant, temporaryFolder } from "./fixtures.ts";

test("keeps settings, variants and their order", async () => {
  const folder = temporaryFolder();
  const store = await createStore(folder, settings, nodeHost);
  store.addVariant(someVariant("v1", "zebra"));
  store.addVariant(someVariant("v2", "ant"));
  store.updateVariant({ ...someVariant("v1", "zebra"), warnings: ["careful"] });
  store.saveSettings({ ...settings, baseline: "v1" });
  store.close();

  const again = await openStore(folder, { mode: "read" }, nodeHost);
  expect(again.settings).toEqual({ ...settings, baseline: "v1" });
  expect(again.variants().map((v) => [v.id, v.name, v.warnings])).toEqual([
    ["v1", "zebra", ["careful"]],
    ["v2", "ant", []],
  ]);
  again.close();
});

test("keeps equal content once, under its SHA-256", async () => {
  const store = await createStore(temporaryFolder(), settings, nodeHost);
  const bytes = new TextEncoder().encode("abc");
  const first = await store.artifacts.putBytes(bytes);
  const source = join(temporaryFolder(), "source");
  writeFileSync(source, bytes);
  const second = await store.artifacts.putFile(source);
  expect(first).toEqual({ sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", bytes: 3 });
  expect(second).toEqual(first);
  expect(store.artifacts.path(first)).toBe(
    join(store.folder, "artifacts", "ba", "7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
  );
  expect(readdirSync(join(store.folder, "artifacts"))).toEqual(["ba"]);
  expect(await store.artifacts.read(first)).toEqual(Buffer.from("abc"));
  store.close();
});

test("refuses a second variant of the same name", async () => {
  const store = await createStore(temporaryFolder(), settings, nodeHost);
  store.addVariant(someVariant("v1", "small"));
  expect(() => store.addVariant(someVariant("v2", "small"))).toThrow(
    'The project already has a variant called "small".',
  );
  expect(store.variants()).toHaveLength(1);
  store.close();
});

test("does several changes as one", async () => {
  const store = await createStore(temporaryFolder(), settings, nodeHost);
  const both = (): void =>
    store.together(() => {
      store.addVariant(someVariant("v1"));
      store.addVariant(someVariant("v1"));
    });
  expect(both).toThrow("already has a variant");
  expect(store.variants()).toEqual([]);
  store.close();
});

test("refuses to make a project where there is one", async () => {
  const folder = temporaryFolder();
  (await createStore(folder, settings, nodeHost)).close();
  await expect(createStore(folder, settings, nodeHost)).rejects.toThrow(`"${folder}" already holds a project.`);
});

test("migrates an empty database of format 0 and keeps it whole", async () => {
  const folder = temporaryFolder();
  new Sqlite(join(folder, "project.sqlite")).exec("CREATE TABLE draft (x); INSERT INTO draft VALUES (7)").close();
  const database = openDatabase(folder, { mode: "write" });
  expect(database.pragma("user_version", { simple: true })).toBe(MIGRATIONS.length);
  expect(database.pragma("journal_mode", { simple: true })).toBe("wal");
  database.close();
  const backup = new Sqlite(join(folder, "project.v0.backup.sqlite"), { readonly: true });
  expect(backup.prepare("SELECT x FROM draft").pluck().get()).toBe(7);
  expect(backup.pragma("user_version", { simple: true })).toBe(0);
  backup.close();
});

test("opens an older project for reading without changing it", async () => {
  const folder = temporaryFolder();
  const store = await createStore(folder, settings, nodeHost);
  store.addVariant(someVariant("v1"));
  store.close();
  const before = readFileSync(join(folder, "project.sqlite"));
  const migrations = [...MIGRATIONS, { title: "add notes", sql: "CREATE TABLE note (text TEXT) STRICT" }];
  const database = openDatabase(folder, { mode: "read", migrations });
  expect(database.prepare("SELECT count(*) FROM note").pluck().get()).toBe(0);
  expect(database.prepare("SELECT count(*) FROM variant").pluck().get()).toBe(1);
  database.close();
  expect(readFileSync(join(folder, "project.sqlite")).equals(before)).toBe(true);
  expect(existsSync(join(folder, `project.v${MIGRATIONS.length}.backup.sqlite`))).toBe(false);
});

test("brings a project from before there were jobs to the present format, and backs it up", async () => {
  const folder = temporaryFolder();
  const database = new Sqlite(join(folder, "project.sqlite"));
  migrate(database, { migrations: MIGRATIONS.slice(0, 1), project: folder });
  database.prepare("INSERT INTO settings VALUES (1, ?)").run(JSON.stringify(settings));
  database.close();
  const store = await openStore(folder, { mode: "write" }, nodeHost);
  expect([store.settings, store.jobs.list(), store.trials.count()]).toEqual([settings, [], 0]);
  store.close();
  expect(existsSync(join(folder, "project.v1.backup.sqlite"))).toBe(true);
});
