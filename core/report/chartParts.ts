import { scaleLinear, scaleLog } from "d3-scale";
import { formatFixed, formatNumber } from "../base/format.ts";
import { escapeHtml } from "./escape.ts";
import { round, symbolPath, type Identity } from "./identity.ts";

export interface AxisSpec {
  readonly title: string;
  readonly unit?: string | undefined;
  readonly scale: "linear" | "log";
}

/** A position along an axis, its tick values and their texts. */
export interface Scale {
  at(value: number): number;
  readonly ticks: readonly { readonly value: number; readonly text: string }[];
}

export interface ScaleOptions {
  readonly range: readonly [number, number];
  readonly ticks: number;
  /** Extend the domain to round values. */
  readonly nice?: boolean;
}

/** A scale over `domain`. A log axis with values that are not positive is drawn linear. */
export function makeScale(axis: AxisSpec, domain: readonly [number, number], options: ScaleOptions): Scale {
  const isLog = axis.scale === "log" && domain[0] > 0;
  const [low, high] = domain[0] < domain[1] ? domain : widen(domain[0]);
  const scale = isLog ? scaleLog([low, high], options.range) : scaleLinear([low, high], options.range);
  if (options.nice === true && !isLog) scale.nice(options.ticks);
  const values = isLog ? thin(scale.ticks(options.ticks), options.ticks) : scale.ticks(options.ticks);
  const format = scaleLinear([low, high], [0, 1]).tickFormat(options.ticks);
  const text = (value: number): string => (isLog ? formatNumber(value, 2) : format(value));
  return { at: (value) => round(scale(value)), ticks: values.map((value) => ({ value, text: text(value) })) };
}

function widen(value: number): [number, number] {
  const by = value === 0 ? 1 : Math.abs(value) * 0.1;
  return [value - by, value + by];
}

/** Log scales offer a tick for every digit; keep 1, 2 and 5 where there are too many, then only 1. */
function thin(ticks: readonly number[], most: number): readonly number[] {
  for (const digits of [[1, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]]) {
    const kept = ticks.filter((t) => digits.includes(Math.round(t / 10 ** Math.floor(Math.log10(t) + 1e-9))));
    if (kept.length <= most && kept.length > 1) return kept;
  }
  return ticks.length <= most ? ticks : ticks.filter((_, i) => i % Math.ceil(ticks.length / most) === 0);
}

/** Extends a domain on both sides; in the log domain by a factor. */
export function pad([low, high]: readonly [number, number], part: number, isLog: boolean): [number, number] {
  if (isLog && low > 0) {
    const factor = (high / low) ** part || 1.1;
    return [low / Math.max(factor, 1.05), high * Math.max(factor, 1.05)];
  }
  const by = (high - low) * part;
  return [low - by, high + by];
}

export function axisTitle({ title, unit }: AxisSpec): string {
  return unit === undefined || unit === "" ? title : `${title} (${unit})`;
}

/** Texts of values that stand in one column: all with the same decimals, enough for the smallest to show. */
export function valueTexts(values: readonly number[], { unit }: AxisSpec): readonly string[] {
  const sizes = values.map(Math.abs).filter((v) => v > 0 && Number.isFinite(v));
  const digitsFor = (value: number, digits: number): number => digits - 1 - Math.floor(Math.log10(value));
  const wanted = sizes.length === 0 ? 0 : Math.max(digitsFor(Math.max(...sizes), 3), digitsFor(Math.min(...sizes), 2));
  const decimals = Math.min(4, Math.max(0, wanted));
  return values.map((v) =>
    unit === undefined || unit === "" ? formatFixed(v, decimals) : `${formatFixed(v, decimals)} ${unit}`,
  );
}

/** A value in a chart's table: whole numbers as they are, others with four significant digits. */
export function exact(value: number): string {
  return Number.isInteger(value) ? formatFixed(value, 0) : formatNumber(value, 4);
}

/** The width of a text at 12 pixels, a little generous; enough to keep labels apart. */
export function textWidth(text: string, size = 12): number {
  let width = 0;
  for (const c of text)
    width += /[ilj.,:;'|!()]/.test(c) ? 0.32 : /[A-ZMWmw%@]/.test(c) ? 0.72 : c > "\u2e80" ? 1 : 0.56;
  return width * size;
}

/** A text cut to a width, with an ellipsis in the middle so that both ends of a name stay. */
export function fitText(text: string, width: number, size = 12): string {
  if (textWidth(text, size) <= width) return text;
  const chars = Array.from(text);
  for (let keep = chars.length - 1; keep > 2; keep--) {
    const head = Math.ceil(keep / 2);
    const short = `${chars.slice(0, head).join("")}…${chars.slice(chars.length - (keep - head)).join("")}`;
    if (textWidth(short, size) <= width) return short;
  }
  return "…";
}

export function mark(identity: Identity | undefined, at: readonly [number, number], r = 5): string {
  const colour = identity === undefined ? "accent" : `c${identity.colour}`;
  return `<path class="mark ${colour}" d="${symbolPath(identity?.symbol ?? "circle", at, r)}"/>`;
}

export function colourOf(identity: Identity | undefined): string {
  return identity === undefined ? "accent" : `c${identity.colour}`;
}

export interface TextOptions {
  readonly anchor?: "start" | "middle" | "end";
  readonly className?: string;
}

export function svgText(text: string, [x, y]: readonly [number, number], options: TextOptions = {}): string {
  const anchor = options.anchor === undefined || options.anchor === "start" ? "" : ` text-anchor="${options.anchor}"`;
  const name = options.className === undefined ? "" : ` class="${options.className}"`;
  return `<text x="${round(x)}" y="${round(y)}"${anchor}${name}>${escapeHtml(text)}</text>`;
}

export function svgLine(from: readonly [number, number], to: readonly [number, number], className: string): string {
  return `<line x1="${round(from[0])}" y1="${round(from[1])}" x2="${round(to[0])}" y2="${round(to[1])}" class="${className}"/>`;
}

/** What a chart is, beside its drawing: for those who do not see it, and the same numbers as a table. */
export interface ChartParts {
  readonly title: string;
  readonly summary: string;
  readonly width: number;
  readonly height: number;
  readonly body: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A figure: title, drawing, and the same data as a table. `id` must be unique on the page. */
export function figure(parts: ChartParts, id: string): string {
  const head = parts.columns
    .map((c, i) => `<th scope="col"${i === 0 ? "" : ' class="end"'}>${escapeHtml(c)}</th>`)
    .join("");
  const rows = parts.rows.map((row) => {
    const [first = "", ...rest] = row;
    return `<tr><th scope="row">${escapeHtml(first)}</th>${rest.map((c) => `<td class="end">${escapeHtml(c)}</td>`).join("")}</tr>`;
  });
  return `<figure class="card chart" aria-labelledby="${id}-title">
<figcaption id="${id}-title">${escapeHtml(parts.title)}</figcaption>
<div class="drawing"><svg viewBox="0 0 ${parts.width} ${round(parts.height)}" role="img" aria-labelledby="${id}-title ${id}-summary"><desc id="${id}-summary">${escapeHtml(parts.summary)}</desc>${parts.body}</svg></div>
<details class="data"><summary>View as table</summary><div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(parts.title)}, as a table"><table><caption class="sr">${escapeHtml(parts.title)}</caption><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table></div></details>
</figure>`;
}
