import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { Report, ReportBlock } from "../../core/contract/report.ts";
import { report as reportSchema } from "../../core/contract/report.ts";
import { renderCsv } from "../../core/report/csv.ts";
import { renderHtml } from "../../core/report/html.ts";
import { identitiesOf } from "../../core/report/identity.ts";
import { placeLabels } from "../../core/report/labels.ts";
import { renderMarkdown } from "../../core/report/markdown.ts";
import { sampleReport } from "./fixtures.ts";

const hostile = `</style><script>alert(1)</script>"'&|\`*_[x](javascript:1)\u202egnp.exe\u0007\n# x`;

const hostileBlocks: readonly ReportBlock[] = [
  { kind: "heading", level: 2, text: hostile },
  { kind: "text", text: hostile },
  { kind: "callout", tone: "warning", text: hostile },
  { kind: "facts", facts: [{ name: hostile, value: hostile }] },
  { kind: "tiles", tiles: [{ label: hostile, text: hostile, note: hostile }] },
  {
    kind: "table",
    title: hostile,
    columns: [
      { title: hostile, unit: hostile, align: "start" },
      { title: hostile, align: "end" },
    ],
    rows: [
      [
        { text: hostile, note: hostile },
        { text: hostile, tone: "good" },
      ],
    ],
  },
  {
    kind: "bars",
    title: hostile,
    axis: { title: hostile, unit: hostile, scale: "linear" },
    bars: [{ label: hostile, group: hostile, value: 1 }],
    reference: { label: hostile, value: 1 },
  },
  {
    kind: "scatter",
    title: hostile,
    x: { title: hostile, scale: "log" },
    y: { title: hostile, scale: "linear" },
    points: [{ label: hostile, x: 1, y: 1 }],
    front: [hostile],
  },
  {
    kind: "lines",
    title: hostile,
    x: { title: hostile, scale: "linear" },
    y: { title: hostile, scale: "linear" },
    series: [{ label: hostile, points: [[0, 1]] }],
  },
  { kind: "code", language: hostile, text: `\`\`\`\n${hostile}` },
];
const hostileReport: Report = { title: hostile, subtitle: hostile, at: hostile, blocks: [...hostileBlocks] };

test("the sample uses every kind of block and satisfies the contract", () => {
  expect(() => reportSchema.parse(sampleReport)).not.toThrow();
  expect(new Set(sampleReport.blocks.map((b) => b.kind))).toEqual(new Set(hostileBlocks.map((b) => b.kind)));
});

test("draws the sample report as it did", async () => {
  await expect(renderHtml(sampleReport)).toMatchFileSnapshot("snapshots/report.html");
  await expect(renderMarkdown(sampleReport)).toMatchFileSnapshot("snapshots/report.md");
  await expect(renderCsv(sampleReport)).toMatchFileSnapshot("snapshots/report.csv");
});

test("is one file that loads nothing and runs nothing, and its policy says so", () => {
  const html = renderHtml(sampleReport);
  const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? "";
  const digest = createHash("sha256").update(style).digest("base64");
  expect(html).toContain(
    `content="default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'"`,
  );
  expect(html).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|\bsrc=|\sstyle=|\son\w+=/);
  expect(html.match(/https?:/g)).toBeNull();
});

test("hostile names stay text in HTML", () => {
  const html = renderHtml(hostileReport);
  expect(html).not.toContain("<script");
  expect(html.match(/<\/style>/g)).toHaveLength(1);
  expect(html).not.toContain("\u0007");
  expect(html).not.toContain("\u202e");
  // Every tag is one that the renderer writes.
  const tags = new Set([...html.matchAll(/<\/?([a-z0-9]+)/gi)].map((m) => (m[1] ?? "").toLowerCase()));
  const own =
    "html head meta title style body header h1 p time nav ul li a main h2 h3 div strong dl dt dd span details summary table caption thead tbody tr th td figure figcaption svg desc path line rect text g polyline pre code footer";
  expect([...tags].filter((tag) => !own.split(" ").includes(tag))).toEqual([]);
});

test("hostile names stay text in Markdown", () => {
  const markdown = renderMarkdown(hostileReport);
  expect(markdown).toMatch(/^````\w*\n```\n/m);
  const outsideCode = markdown.replace(/````[\s\S]*````/, "");
  expect(outsideCode).not.toMatch(/(?<!\\)<script/);
  expect(outsideCode).not.toMatch(/^# x/m);
  const table = renderMarkdown({ ...hostileReport, blocks: hostileBlocks.filter((b) => b.kind === "table") });
  const lines = table.split("\n").filter((line) => line.startsWith("|"));
  expect(lines.map((line) => line.match(/(?<!\\)\|/g)?.length)).toEqual([3, 3, 3]);
});

test("CSV quotes what needs it and disarms formulas, but not numbers", () => {
  const cells = ["a,b", 'say "x"', "=1+1", "@sum", "-3", "line\nbreak"].map((text) => ({ text }));
  const blocks: ReportBlock[] = [
    {
      kind: "table",
      title: "t",
      columns: [{ title: "A", unit: "ms", align: "end" }],
      rows: [cells, [{ text: "1.2", value: 1.23456789 }]],
    },
  ];
  expect(renderCsv({ ...hostileReport, blocks })).toBe(
    `A (ms)\r\n"a,b","say ""x""",'=1+1,'@sum,-3,"line\nbreak"\r\n1.23456789\r\n`,
  );
});

test("a variant keeps its colour and symbol in every chart, and no two share both", () => {
  const identities = identitiesOf(sampleReport);
  const found = ["fashion-mnist", "quantize-static", "quantize-dynamic", "convert-fp16"].map((name) =>
    identities(name),
  );
  expect(new Set(found.map((f) => JSON.stringify(f))).size).toBe(4);
  expect(identities("stage0.block0.conv_with_a_long_name")).toBeUndefined();
  const html = renderHtml(sampleReport);
  expect(html).toContain('<h2 id="s8"><svg class="swatch"');
});

test("labels of crowded points do not cover each other", () => {
  const wishes = Array.from({ length: 12 }, (_, i) => ({
    text: `variant-${i}`,
    x: 280 + (i % 4) * 9,
    y: 150 + Math.floor(i / 4) * 9,
  }));
  const placed = placeLabels(wishes, { box: { left: 60, right: 546, top: 14, bottom: 312 }, obstacles: [] });
  expect(placed).toHaveLength(12);
  for (const [i, a] of placed.entries()) {
    expect(a.x).toBeGreaterThanOrEqual(60);
    expect(a.x + a.width).toBeLessThanOrEqual(546);
    for (const b of placed.slice(i + 1)) {
      const isApart = a.x + a.width <= b.x || b.x + b.width <= a.x || Math.abs(a.y - b.y) >= 15;
      expect(isApart, `${a.text} and ${b.text}`).toBe(true);
    }
  }
});

test("charts survive empty, single, equal and non-positive values", () => {
  const axis = { title: "x", scale: "log" } as const;
  const blocks: ReportBlock[] = [
    { kind: "bars", title: "none", axis, bars: [] },
    { kind: "bars", title: "one", axis, form: "dots", bars: [{ label: "a", value: 0 }] },
    {
      kind: "bars",
      title: "equal",
      axis,
      bars: [
        { label: "a", value: 5 },
        { label: "b", value: 5 },
      ],
    },
    {
      kind: "bars",
      title: "negative",
      axis,
      bars: [
        { label: "a", value: -5, interval: [-7, -2] },
        { label: "b", value: 3 },
      ],
    },
    { kind: "scatter", title: "none", x: axis, y: axis, points: [] },
    { kind: "scatter", title: "one", x: axis, y: axis, points: [{ label: "a", x: 1, y: 1 }] },
    {
      kind: "scatter",
      title: "wide",
      x: axis,
      y: axis,
      points: [
        { label: "a", x: 0.001, y: -1 },
        { label: "b", x: 1e6, y: 1 },
      ],
    },
    { kind: "lines", title: "none", x: axis, y: axis, series: [] },
    { kind: "lines", title: "empty", x: axis, y: axis, series: [{ label: "a", points: [] }] },
  ];
  const html = renderHtml({ ...sampleReport, blocks });
  expect(html).not.toMatch(/NaN|Infinity|undefined/);
  expect(html.match(/<figure/g)).toHaveLength(blocks.length);
});
