import { fileName, saveBlob, saveText } from "../kit/saveFile.ts";

/** What of an element's look a picture needs that stands by itself. */
const LOOKS = [
  "fill",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-linejoin",
  "opacity",
  "font-size",
  "font-weight",
  "text-anchor",
  "paint-order",
] as const;

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

/** A drawing as a file of its own: colours resolved, background and title added. */
export function svgOf(drawing: SVGSVGElement, title: string, within = ""): string {
  const box = drawing.viewBox.baseVal;
  const own = drawing.getBoundingClientRect();
  const [width, height] = box.width > 0 ? [box.width, box.height] : [own.width, own.height];
  const copy = drawing.cloneNode(true) as SVGSVGElement;
  const originals = drawing.querySelectorAll("*");
  copy.querySelectorAll("*").forEach((element, i) => {
    const original = originals[i];
    if (original === undefined) return;
    const style = getComputedStyle(original);
    for (const look of LOOKS) {
      const value = style.getPropertyValue(look);
      if (value !== "" && value !== "normal" && value !== "none 0px") element.setAttribute(look, value);
    }
    for (const name of ["class", "tabindex", "role"]) element.removeAttribute(name);
    for (const name of element.getAttributeNames().filter((n) => n.startsWith("aria-"))) element.removeAttribute(name);
  });
  copy.querySelectorAll("[data-screen]").forEach((element) => element.remove());
  const surface = getComputedStyle(drawing).getPropertyValue("--surface").trim();
  const text = getComputedStyle(drawing).getPropertyValue("--text").trim();
  const escaped = title.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  const head = 30;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height + head}" viewBox="0 ${-head} ${width} ${height + head}" font-family="${FONT}">`,
    `<title>${escaped}</title>`,
    `<rect x="0" y="${-head}" width="${width}" height="${height + head}" fill="${surface}"/>`,
    `<text x="12" y="${-head / 2 + 5}" font-size="14" font-weight="600" fill="${text}">${escaped}</text>`,
    within,
    new XMLSerializer().serializeToString(copy).replace(/^<svg[^>]*>|<\/svg>$/g, ""),
    "</svg>",
  ].join("\n");
}

export function saveSvg(title: string, svg: string): void {
  saveText({ name: fileName(title, "svg"), type: "image/svg+xml", text: svg });
}

/** Draws the picture at twice its size. */
export async function savePng(title: string, svg: string): Promise<void> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth * 2;
  canvas.height = image.naturalHeight * 2;
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
  if (blob === null) throw new Error("This browser could not draw the picture.");
  saveBlob(fileName(title, "png"), blob);
}

export interface Numbers {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** With tabs between the cells, as spreadsheets take it from the clipboard. */
export function tsvOf({ columns, rows }: Numbers): string {
  const cell = (text: string): string => text.replaceAll(/[\t\r\n]+/g, " ");
  return [columns, ...rows].map((row) => row.map(cell).join("\t")).join("\n");
}

/** RFC 4180. What a spreadsheet would take for a formula is kept from being one. */
export function csvOf({ columns, rows }: Numbers): string {
  const cell = (text: string): string => {
    const plain = text.replaceAll("−", "-");
    const safe = /^[=+@\t\r]|^-(?![\d.])/.test(plain) ? `'${plain}` : plain;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return `${[columns, ...rows].map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

export function saveCsv(title: string, numbers: Numbers): void {
  saveText({ name: fileName(title, "csv"), type: "text/csv;charset=utf-8", text: csvOf(numbers) });
}
