import { z } from "zod";

const bounds = z.strictObject({ x: z.int(), y: z.int(), width: z.int().positive(), height: z.int().positive() });
export type Bounds = z.infer<typeof bounds>;

/** What is kept of a window: where it was, and which screen of the workbench it showed. */
const windowState = z.strictObject({ bounds, isMaximized: z.boolean(), address: z.string().max(2000) });
export type WindowState = z.infer<typeof windowState>;

/** The state that was kept; undefined where there is none, or none that can be read. */
export function readState(text: string | undefined): WindowState | undefined {
  if (text === undefined) return undefined;
  try {
    return windowState.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Pixels of a window that have to be on a display for somebody to get hold of it. */
const GRIP = 80;

/** Whether enough of a window is on one of the displays that are there now. */
export function isReachable(window: Bounds, displays: readonly Bounds[]): boolean {
  return displays.some((display) => {
    const across = Math.min(window.x + window.width, display.x + display.width) - Math.max(window.x, display.x);
    const down = Math.min(window.y + window.height, display.y + display.height) - Math.max(window.y, display.y);
    return across >= GRIP && down >= GRIP;
  });
}

/** The part of an address that says which screen is shown; empty for every address but one of the page itself. */
export function screenOf(address: string, startPage: string): string {
  return address.startsWith(`${startPage}#/`) ? address.slice(startPage.length) : "";
}

/** Milliseconds in which a second crash counts as the first one again. */
const CRASH_PACE = 10_000;

/** Decides whether a page that crashed is loaded again: not one that keeps crashing. */
export function crashGuard(now: () => number): () => boolean {
  let last = -Infinity;
  return () => {
    const isFirst = now() - last > CRASH_PACE;
    last = now();
    return isFirst;
  };
}
