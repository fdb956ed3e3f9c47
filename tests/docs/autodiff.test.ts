import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { codeBlocks, readText, root } from "./markdown.ts";

const PAGE = "core/autodiff/README.md";

test("the program on the page about gradients prints what the page shows", () => {
  const page = readText(PAGE);
  const here = pathToFileURL(join(root, dirname(PAGE), "/")).href;
  const program = codeBlocks(page, "ts")
    .join("\n")
    .replaceAll(/from "(\.[^"]+)"/g, (_, to: string) => `from "${new URL(to, here).href}"`);
  const folder = mkdtempSync(join(tmpdir(), "lathe-page-"));
  try {
    const file = join(folder, "page.ts");
    writeFileSync(file, program);
    const printed = execFileSync(process.execPath, ["--no-warnings", file], { encoding: "utf8" });
    expect(printed).toBe(codeBlocks(page, "text").join(""));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
