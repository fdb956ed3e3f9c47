import { readFileSync } from "node:fs";
import { join } from "node:path";

export const root = join(import.meta.dirname, "..", "..");

export const readText = (path: string): string => readFileSync(join(root, path), "utf8");

/** The part of a page below a heading of the second level, up to the next one. */
export function section(text: string, heading: string): string {
  const [, part] = text.split(`\n## ${heading}\n`);
  if (part === undefined) throw new Error(`There is no section "${heading}".`);
  return part.split("\n## ")[0] ?? "";
}

/** Rows of the first table in a text, cell by cell, without the title row. Code marks are taken off. */
export function tableRows(text: string): readonly (readonly string[])[] {
  const rows = text.split("\n").filter((line) => line.startsWith("|"));
  return rows.slice(2).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replace(/^`(.*)`$/, "$1")),
  );
}

/** The code blocks of a language, each with its last line break. */
export function codeBlocks(text: string, language: string): readonly string[] {
  const blocks = [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter(([, name]) => name === language);
  return blocks.map(([, , code = ""]) => code);
}

/** Lines of all code blocks of a language. */
export function codeLines(text: string, language: string): readonly string[] {
  return codeBlocks(text, language).flatMap((code) => code.split("\n").filter((line) => line !== ""));
}

/** Targets of links and pictures that lead to files of the repository. */
export function localLinks(text: string): readonly string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, to = ""]) => to).filter((to) => !/^\w+:/.test(to));
}
