import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { CONTENT_SECURITY_POLICY, fileOfAddress } from "./security.ts";

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

/**
 * Answers a request for one of the renderer's files.
 * @returns 200 with the file; 405 for anything but GET; 404 for what is not a file below `root`.
 */
export async function answerPage(root: string, request: Request): Promise<Response> {
  if (request.method !== "GET") return refuse(405);
  const file = fileOfAddress(root, request.url);
  if (file === undefined) return refuse(404);
  const type = CONTENT_TYPES[extname(file)];
  if (type === undefined) return refuse(404);
  try {
    return new Response(await readFile(file), { headers: headers(type) });
  } catch (error) {
    if (isMissing(error)) return refuse(404);
    throw error;
  }
}

function headers(type: string): Record<string, string> {
  return {
    "content-type": type,
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
  };
}

function refuse(status: number): Response {
  return new Response(null, { status, headers: headers("text/plain; charset=utf-8") });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "EISDIR");
}
