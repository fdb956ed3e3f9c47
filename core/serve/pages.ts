import { readFile } from "node:fs/promises";
import { extname, isAbsolute, relative, resolve, sep } from "node:path";
import { SECURITY_HEADERS } from "./policy.ts";

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".woff2": "font/woff2",
};

/** An answer to a request for a page, whichever door it came through. */
export interface PageAnswer {
  readonly status: 200 | 404 | 405;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer> | undefined;
}

/**
 * Answers a request for one of the renderer's files.
 * @param path of the address, still encoded; "" and "/" mean index.html
 * @returns 405 for anything but GET and HEAD; 404 for what is not a file below `root`
 */
export async function answerPage(root: string, method: string, path: string): Promise<PageAnswer> {
  if (method !== "GET" && method !== "HEAD") return refuse(405);
  const file = fileBelow(root, path);
  const type = file === undefined ? undefined : CONTENT_TYPES[extname(file)];
  if (file === undefined || type === undefined) return refuse(404);
  try {
    const body = new Uint8Array(await readFile(file));
    return {
      status: 200,
      headers: { ...SECURITY_HEADERS, "content-type": type, "cache-control": cacheOf(file) },
      body,
    };
  } catch (error) {
    if (isMissing(error)) return refuse(404);
    throw error;
  }
}

/** Built files other than the page carry a hash of their content in their name. */
function cacheOf(file: string): string {
  return /-[\w-]{8,}\.\w+$/.test(file) ? "public, max-age=31536000, immutable" : "no-cache";
}

function refuse(status: 404 | 405): PageAnswer {
  return { status, headers: { ...SECURITY_HEADERS, "content-type": "text/plain; charset=utf-8" }, body: undefined };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "EISDIR");
}

/** The file below `root` that the path of an address names; undefined for every path that leaves it, however encoded. */
export function fileBelow(root: string, path: string): string | undefined {
  const decoded = decode(path);
  if (decoded === undefined || decoded.includes("\0") || decoded.includes("\\")) return undefined;
  const file = resolve(root, decoded === "" || decoded === "/" ? "index.html" : `.${decoded}`);
  const below = relative(root, file);
  const isOutside = below === "" || below === ".." || below.startsWith(`..${sep}`) || isAbsolute(below);
  return isOutside ? undefined : file;
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined; // A malformed escape such as "%zz" names no file.
  }
}
