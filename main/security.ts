import { fileBelow } from "../core/serve/pages.ts";

/** The renderer's own scheme: with it there is no file:// page and no open port. */
export const SCHEME = "app";
export const HOST = "lathe";
export const START_PAGE = `${SCHEME}://${HOST}/index.html`;

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

/** Whether a window may go to this address, and whether a message came from a page of ours. */
export function isOwnPage(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && url.protocol === `${SCHEME}:` && url.host === HOST && url.username === "";
}

/** Who sent a message, as far as that decides on it. */
export interface Sender {
  /** Null where the page is gone by now. */
  readonly senderFrame: { readonly url: string; readonly parent: unknown } | null;
}

/** Only pages of ours may ask: not a frame within one, not a page elsewhere. */
export function isTrusted({ senderFrame }: Sender): boolean {
  return senderFrame !== null && senderFrame.parent === null && isOwnPage(senderFrame.url);
}

/**
 * The file below `root` that an address of the renderer's scheme names; the bare host means index.html.
 * Undefined for other schemes and hosts, and for every path that leaves `root`, however it is encoded.
 */
export function fileOfAddress(root: string, address: string): string | undefined {
  return isOwnPage(address) ? fileBelow(root, new URL(address).pathname) : undefined;
}
