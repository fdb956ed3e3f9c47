import { hash } from "../base/hash.ts";
import type { Report, ReportBlock } from "../contract/report.ts";
import { drawBars } from "./bars.ts";
import { figure } from "./chartParts.ts";
import { escapeHtml } from "./escape.ts";
import { identitiesOf, type Identities } from "./identity.ts";
import { drawLines } from "./lines.ts";
import { drawScatter } from "./scatter.ts";
import { STYLE } from "./style.ts";
import { drawTable, swatch } from "./table.ts";

/**
 * The report as one HTML file that needs nothing else: no scripts, no fonts, no network. Its security policy
 * allows the one style sheet inside it and nothing more.
 */
export function renderHtml(report: Report): string {
  const identities = identitiesOf(report);
  const policy = `default-src 'none'; style-src 'sha256-${base64(hash(STYLE))}'; base-uri 'none'; form-action 'none'`;
  const sections = report.blocks.flatMap((block, i) =>
    block.kind === "heading" && block.level === 2 ? [{ id: `s${i}`, text: block.text }] : [],
  );
  const links = sections.map((s) => `<li><a href="#${s.id}">${escapeHtml(s.text)}</a></li>`).join("");
  const nav = sections.length < 2 ? "" : `<nav aria-label="Sections"><ul>${links}</ul></nav>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(report.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header class="top">
<h1>${escapeHtml(report.title)}</h1>
<p class="subtitle">${escapeHtml(report.subtitle)}</p>
<p class="at"><time datetime="${escapeHtml(report.at)}">${escapeHtml(report.at.replace("T", " ").replace(/(\.\d+)?Z$/, " UTC"))}</time></p>
${nav}
</header>
<main>
${drawBlocks(report.blocks, identities)}
</main>
<footer>Made by Lathe on the machine named above. Intervals are 95 % unless they say otherwise.</footer>
</body>
</html>
`;
}

function drawBlocks(blocks: readonly ReportBlock[], identities: Identities): string {
  const out: string[] = [];
  let charts: string[] = [];
  const flush = (): void => {
    if (charts.length > 0) out.push(`<div class="charts">${charts.join("\n")}</div>`);
    charts = [];
  };
  blocks.forEach((block, i) => {
    const id = `b${i}`;
    const before = blocks[i - 1]?.kind;
    switch (block.kind) {
      case "bars":
        // Bars are as tall as they are many, the others all alike: mixed rows would have holes.
        if (before === "scatter" || before === "lines") flush();
        charts.push(figure(drawBars(block, identities), id));
        return;
      case "scatter":
        if (before === "bars") flush();
        charts.push(figure(drawScatter(block, identities), id));
        return;
      case "lines":
        if (before === "bars") flush();
        charts.push(figure(drawLines(block, identities), id));
        return;
      default:
        flush();
        out.push(drawPlain(block, { index: i, identities }));
    }
  });
  flush();
  return out.join("\n");
}

type PlainBlock = Exclude<ReportBlock, { kind: "bars" | "scatter" | "lines" }>;

function drawPlain(block: PlainBlock, { index, identities }: { index: number; identities: Identities }): string {
  switch (block.kind) {
    case "heading":
      return `<h${block.level} id="s${index}">${swatch(block.text, identities)}${escapeHtml(block.text)}</h${block.level}>`;
    case "text":
      return block.text
        .split(/\n{2,}/)
        .map((p) => `<p>${escapeHtml(p)}</p>`)
        .join("\n");
    case "callout":
      return `<div class="card callout ${block.tone}"><strong>${CALLOUT_WORDS[block.tone]}</strong><p>${escapeHtml(block.text)}</p></div>`;
    case "facts":
      return `<dl class="card facts">${block.facts.map((f) => `<div><dt>${escapeHtml(f.name)}</dt><dd>${escapeHtml(f.value)}</dd></div>`).join("")}</dl>`;
    case "table":
      return drawTable(block, identities);
    case "tiles":
      return `<div class="tiles">${block.tiles.map((t) => drawTile(t)).join("")}</div>`;
    case "code":
      return `<pre class="card" tabindex="0" role="region" aria-label="${escapeHtml(block.language)}"><code>${escapeHtml(block.text)}</code></pre>`;
  }
}

type Tile = Extract<ReportBlock, { kind: "tiles" }>["tiles"][number];

function drawTile({ label, text, note, tone }: Tile): string {
  const name = tone === undefined || tone === "neutral" ? "" : ` ${tone}`;
  const below = note === undefined ? "" : `<span class="note">${escapeHtml(note)}</span>`;
  return `<p class="card tile"><span class="name">${escapeHtml(label)}</span><span class="number${name}">${escapeHtml(text)}</span>${below}</p>`;
}

const CALLOUT_WORDS = { info: "Note", good: "Good", warning: "Careful" } as const;

function base64(hex: string): string {
  const bytes = hex.match(/../g) ?? [];
  return btoa(String.fromCharCode(...bytes.map((b) => Number.parseInt(b, 16))));
}
