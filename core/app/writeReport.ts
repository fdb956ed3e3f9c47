import { extname, resolve } from "node:path";
import { LatheError } from "../base/error.ts";
import type { Report } from "../contract/report.ts";
import { renderCsv } from "../report/csv.ts";
import { renderHtml } from "../report/html.ts";
import { renderMarkdown } from "../report/markdown.ts";
import { buildReport } from "./buildReport.ts";
import type { Project } from "./project.ts";

const FORMATS: Readonly<Record<string, (report: Report) => string>> = {
  ".html": renderHtml,
  ".md": renderMarkdown,
  ".csv": renderCsv,
  ".json": (report) => `${JSON.stringify(report, undefined, 2)}\n`,
};

/**
 * Writes the report on some variants, or all, in the format that each file's extension names. A report that is
 * there already is replaced. All files tell the same: they are made from one report.
 * @returns the paths that were written
 * @throws invalid-argument for other extensions, before anything is written
 */
export async function writeReport(
  project: Project,
  names: readonly string[],
  outs: readonly string[],
): Promise<readonly string[]> {
  const targets = outs.map((out) => ({ path: resolve(out), render: formatOf(out) }));
  const report = await buildReport(project, names);
  for (const { path, render } of targets) {
    await project.host.files.makeFolder(project.host.files.folder(path));
    const writer = await project.host.files.create(path);
    try {
      await writer.write(new TextEncoder().encode(render(report)));
      await writer.commit();
    } finally {
      await writer.discard();
    }
  }
  return targets.map((t) => t.path);
}

/** The text of a report in the format of an extension such as ".html". @throws invalid-argument for other extensions */
export async function renderReport(project: Project, names: readonly string[], extension: string): Promise<string> {
  const render = formatOf(`report${extension}`);
  return render(await buildReport(project, names));
}

function formatOf(out: string): (report: Report) => string {
  const render = FORMATS[extname(out).toLowerCase()];
  if (render !== undefined) return render;
  throw new LatheError("invalid-argument", `"${out}" has no extension of a report.`, {
    hint: `Use one of ${Object.keys(FORMATS).join(", ")}.`,
  });
}
