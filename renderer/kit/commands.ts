import { useEffect, useRef } from "react";
import { COMMANDS, type CommandInfo } from "../../core/contract/commands.ts";
import { createStore } from "./store.ts";

type Handler = () => void;

/** What each command does now; one without a handler is not offered. */
const handlers = createStore<ReadonlyMap<string, Handler>>(new Map());

export const commandHandlers = handlers;

/** Says what a command does while the component is shown. The newest one shown has the say. */
export function useCommand(id: string, handler: Handler, isEnabled = true): void {
  const latest = useRef(handler);
  useEffect(() => {
    latest.current = handler;
  });
  useEffect(() => {
    if (!isEnabled) return;
    const call = (): void => latest.current();
    handlers.set((before) => new Map([...before, [id, call]]));
    return () =>
      handlers.set((before) => {
        if (before.get(id) !== call) return before;
        const after = new Map(before);
        after.delete(id);
        return after;
      });
  }, [id, isEnabled]);
}

/** @returns whether the command could be run */
export function runCommand(id: string): boolean {
  const handler = handlers.get().get(id);
  handler?.();
  return handler !== undefined;
}

export const isMac = typeof navigator !== "undefined" && /Mac|iP(hone|ad)/.test(navigator.userAgent);

/** Keys as they are written on this machine's keyboard. */
export function shownKeys(keys: string): string {
  return isMac
    ? keys.replace("Mod", "⌘").replace("Shift", "⇧").replace("Alt", "⌥").replaceAll("+", "")
    : keys.replace("Mod", "Ctrl");
}

/** The command whose keys were pressed. Keys without Ctrl or Alt do not count while somebody types. */
export function commandOfKey(event: KeyboardEvent): CommandInfo | undefined {
  return COMMANDS.find(({ keys }) => keys !== undefined && matches(keys, event));
}

function matches(keys: string, event: KeyboardEvent): boolean {
  const parts = keys.split("+");
  const key = parts.at(-1) ?? "";
  const isMod = isMac ? event.metaKey : event.ctrlKey;
  if (parts.includes("Mod") !== isMod || parts.includes("Alt") !== event.altKey) return false;
  const isPlain = parts.length === 1 && key.length === 1;
  if (isPlain) return !isTyping(event.target) && event.key === key;
  if (parts.includes("Shift") !== event.shiftKey) return false;
  // The physical key, since Alt changes what it types.
  return event.key.toLowerCase() === key.toLowerCase() || event.code === `Key${key}` || event.code === `Digit${key}`;
}

export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}
