import { isAbsolute, relative, resolve, sep } from "node:path";

/** The renderer's own scheme: with it there is no file:// page and no open port. */
export const SCHEME = "app";
export const HOST = "lathe";
export const START_PAGE = `${SCHEME}://${HOST}/index.html`;

/** Only the product's own files; no inline script or style, no frame, no form, no connection elsewhere. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export interface WindowSecurity {
  readonly preload: string;
  readonly sandbox: true;
  readonly contextIsolation: true;
  readonly nodeIntegration: false;
  readonly nodeIntegrationInWorker: false;
  readonly nodeIntegrationInSubFrames: false;
  readonly webSecurity: true;
  readonly webviewTag: false;
  readonly navigateOnDragDrop: false;
}

/** Web preferences of every window. Electron's defaults are written out, so that a change of them changes nothing here. */
export function windowSecurity(preload: string): WindowSecurity {
  return Object.freeze({
    preload,
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    webviewTag: false,
    navigateOnDragDrop: false,
  });
}

/** Whether a window may go to this address: the product's own pages, and nothing else. */
export function isOwnPage(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && url.protocol === `${SCHEME}:` && url.host === HOST && url.username === "";
}

/**
 * The file below `root` that an address of the renderer's scheme names; the bare host means index.html.
 * Undefined for other schemes and hosts, and for every path that leaves `root`, however it is encoded.
 */
export function fileOfAddress(root: string, address: string): string | undefined {
  if (!isOwnPage(address)) return undefined;
  const path = decode(new URL(address).pathname);
  if (path === undefined || path.includes("\0") || path.includes("\\")) return undefined;
  const file = resolve(root, path === "" || path === "/" ? "index.html" : `.${path}`);
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
