const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Control and bidirectional-override characters, which would garble a page or disguise a name. */
const UNSAFE = new RegExp(
  `[${["0000-\\u0008", "000b-\\u001f", "007f-\\u009f", "202a-\\u202e", "2066-\\u2069"].map((r) => `\\u${r}`).join("")}]`,
  "g",
);

/** Text for HTML and SVG, in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"']/g, (c) => ENTITIES[c] ?? c);
}

/** Text for a cell or a paragraph of Markdown. */
export function escapeMarkdown(text: string): string {
  return visible(text)
    .replace(/[\\`*_[\]<>|#~]/g, (c) => `\\${c}`)
    .replace(/\s*\n\s*/g, " ");
}

/** The characters that act instead of being seen become visible marks. */
export function visible(text: string): string {
  return text.replace(UNSAFE, "\uFFFD");
}
