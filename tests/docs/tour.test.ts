import { spawnSync } from "node:child_process";
import { existsSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../store/fixtures.ts";
import { codeLines, readText, root, section, tableRows } from "./markdown.ts";

const readme = readText("README.md");
const entry = join(root, "core", "cli", "main.ts");

function lathe(folder: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [entry, ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  expect(status, `lathe ${args.join(" ")}\n${stderr}`).toBe(0);
  return stdout;
}

test("the commands of the README's first five minutes do what it shows", () => {
  const folder = temporaryFolder();
  symlinkSync(join(root, "samples"), join(folder, "samples"), "junction");
  const tour = section(readme, "First result in five minutes");
  const commands = codeLines(tour, "sh").filter((line) => line.startsWith("lathe "));
  expect(commands.length).toBeGreaterThan(5);
  const printed = commands.map((line) => lathe(folder, line.split(" ").slice(1))).join("");
  // Times and hashes differ between machines; what does not is shown as it is printed.
  const shown = codeLines(tour, "text").filter((line) => /^(Imported|Splits|Preparation)/.test(line));
  expect(shown.length).toBeGreaterThan(3);
  for (const line of shown) expect(printed).toContain(`${line}\n`);
  expect(printed).toMatch(/^verified: .* on 16 samples/m);
  for (const made of ["report.html", "report.md", "bundle/model.onnx", "bundle/card.json", "bundle/run.py"])
    expect(existsSync(join(folder, made)), made).toBe(true);
});

test("the README's table of commands is the command line's", () => {
  const help = lathe(temporaryFolder(), ["--help"]);
  const commands = [...(help.split("\nCommands:\n")[1] ?? "").matchAll(/^ {2}(\w+)/gm)].map(([, name = ""]) => name);
  const rows = tableRows(section(readme, "Commands")).map(([name = ""]) => name.replace(/^lathe /, ""));
  expect(rows.toSorted()).toEqual(commands.toSorted());
});

test("the options that the README names outside its tour exist", () => {
  const folder = temporaryFolder();
  expect(lathe(folder, ["compare", "--help"])).toContain("--measure");
  expect(lathe(folder, ["methods", "quantize-static"])).toContain("--if-slower");
});
