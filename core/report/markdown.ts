import type { Report, ReportBlock } from "../contract/report.ts";
import { axisTitle, exact } from "./chartParts.ts";
import { escapeMarkdown, visible } from "./escape.ts";

/** The report as Markdown (GitHub's tables). Charts become tables of their numbers. */
export function renderMarkdown(report: Report): string {
  const head = `# ${escapeMarkdown(report.title)}\n\n${escapeMarkdown(report.subtitle)}\n\n${escapeMarkdown(report.at)}`;
  return `${[head, ...report.blocks.map(block)].join("\n\n")}\n`;
}

function block(b: ReportBlock): string {
  switch (b.kind) {
    case "heading":
      return `${"#".repeat(b.level)} ${escapeMarkdown(b.text)}`;
    case "text":
      return b.text
        .split(/\n{2,}/)
        .map(escapeMarkdown)
        .join("\n\n");
    case "callout":
      return `> **${{ info: "Note", good: "Good", warning: "Careful" }[b.tone]}:** ${escapeMarkdown(b.text)}`;
    case "facts":
      return b.facts.map((f) => `- ${escapeMarkdown(f.name)}: ${escapeMarkdown(f.value)}`).join("\n");
    case "tiles":
      return b.tiles
        .map(
          (t) =>
            `- ${escapeMarkdown(t.label)}: **${escapeMarkdown(t.text)}**${t.note === undefined ? "" : ` (${escapeMarkdown(t.note)})`}`,
        )
        .join("\n");
    case "table": {
      const columns = b.columns.map((c) => ({
        title: c.unit === undefined ? c.title : `${c.title} (${c.unit})`,
        isEnd: c.align === "end",
      }));
      const rows = b.rows.map((row) => row.map((c) => (c.note === undefined ? c.text : `${c.text} (${c.note})`)));
      return table(b.title, columns, rows);
    }
    case "bars": {
      const hasInterval = b.bars.some((x) => x.interval !== undefined);
      const columns = ["", axisTitle(b.axis), ...(hasInterval ? ["interval"] : [])];
      const rows = b.bars.map((x) => [x.label, exact(x.value), ...(hasInterval ? [range(x.interval)] : [])]);
      return table(b.title, columns.map(numeric), rows);
    }
    case "scatter": {
      const columns = ["", axisTitle(b.x), axisTitle(b.y)];
      const rows = b.points.map((p) => [
        p.label,
        `${exact(p.x)} ${range(p.xInterval)}`.trim(),
        `${exact(p.y)} ${range(p.yInterval)}`.trim(),
      ]);
      return table(b.title, columns.map(numeric), rows);
    }
    case "lines": {
      const columns = ["Series", axisTitle(b.x), axisTitle(b.y)];
      const rows = b.series.flatMap((s) => s.points.map(([x, y]) => [s.label, exact(x), exact(y)]));
      return table(b.title, columns.map(numeric), rows);
    }
    case "code": {
      // A fence longer than any run of backticks inside.
      const fence = "`".repeat(Math.max(3, ...(b.text.match(/`+/g) ?? []).map((run) => run.length + 1)));
      return `${fence}${b.language.replace(/[^\w-]/g, "").slice(0, 20)}\n${visible(b.text)}\n${fence}`;
    }
  }
}

function numeric(title: string, i: number): { title: string; isEnd: boolean } {
  return { title, isEnd: i > 0 };
}

function range(interval: readonly [number, number] | undefined): string {
  return interval === undefined ? "" : `[${exact(interval[0])}, ${exact(interval[1])}]`;
}

function table(
  title: string,
  columns: readonly { title: string; isEnd: boolean }[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeMarkdown).join(" | ")} |`;
  const rule = `| ${columns.map((c) => (c.isEnd ? "---:" : "---")).join(" | ")} |`;
  return [`**${escapeMarkdown(title)}**`, "", line(columns.map((c) => c.title)), rule, ...rows.map(line)].join("\n");
}
