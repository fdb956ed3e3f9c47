import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { listMethods } from "../../core/app/methods.ts";
import { localLinks, readText, root, section, tableRows } from "./markdown.ts";

const readme = readText("README.md");
const architecture = readText("core/README.md");
const decisions = readdirSync(join(root, "core/decisions")).map((name) => `core/decisions/${name}`);

test("the table of methods in the README is that of the catalogue", async () => {
  const methods = await listMethods();
  expect(tableRows(section(readme, "Methods"))).toEqual(methods.map((m) => [m.id, m.title, m.summary]));
});

test("the table of layers in the architecture page is the one that is enforced", () => {
  const { core } = createRequire(import.meta.url)(join(root, "layers.cjs")) as {
    core: Readonly<Record<string, readonly string[]>>;
  };
  const rows = tableRows(section(architecture, "Layers")).map(([folder, , imports]) => [folder, imports]);
  expect(rows).toEqual(Object.entries(core).map(([folder, allowed]) => [folder, allowed.join(", ") || "nothing"]));
});

test("the architecture page stays short", () => {
  expect(architecture.split("\n").length).toBeLessThan(200);
});

test.each(["README.md", "core/README.md", "CHANGELOG.md", ...decisions])("links of %s lead somewhere", (page) => {
  const missing = localLinks(readText(page)).filter((to) => !existsSync(join(root, dirname(page), to)));
  expect(missing).toEqual([]);
});

test("the npm scripts that the README names exist", () => {
  const { scripts } = JSON.parse(readText("package.json")) as { scripts: Readonly<Record<string, string>> };
  const named = [...readme.matchAll(/npm (?:run (?:-s )?([a-z]+)|(test))/g)].map(([, run, test]) => run ?? test ?? "");
  const own = new Set(named);
  expect([...own].toSorted()).toEqual(["bench", "check", "demo", "lathe", "test"]);
  expect([...own].filter((name) => scripts[name] === undefined)).toEqual([]);
});

test("decisions are numbered in a row and say context, choice and price", () => {
  expect(decisions.length).toBeGreaterThan(0);
  decisions.toSorted().forEach((page, i) => {
    const number = String(i + 1).padStart(3, "0");
    expect(page).toMatch(new RegExp(`/${number}-[a-z0-9-]+\\.md$`));
    expect(readText(page)).toMatch(
      new RegExp(
        `^# ${number}: [\\s\\S]+\\*\\*Context\\.\\*\\* [\\s\\S]+\\*\\*Choice\\.\\*\\* [\\s\\S]+\\*\\*Price\\.\\*\\* `,
      ),
    );
  });
});
