import { useEffect, useRef } from "react";
import { COMMANDS, type CommandInfo } from "../../core/contract/commands.ts";
import { createLastingStore, createStore } from "./store.ts";

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

/** Keys that somebody has chosen instead of the registry's, by command; an empty text means none. */
export const chosenKeys = createLastingStore<Readonly<Record<string, string>>>("lathe.keys", {}, (kept) => {
  if (typeof kept !== "object" || kept === null) return undefined;
  return Object.fromEntries(
    Object.entries(kept).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
});

const isDesktop = typeof window !== "undefined" && "lathe" in window;

/** The registry's keys of a command, on this host. */
export function defaultKeys({ keys, desktopKeys }: CommandInfo): string | undefined {
  return isDesktop ? (desktopKeys ?? keys) : keys;
}

/** The keys that call a command now. */
export function keysOf(command: CommandInfo, chosen = chosenKeys.get()): string | undefined {
  const own = chosen[command.id];
  return own === undefined ? defaultKeys(command) : own === "" ? undefined : own;
}

/** Gives a command other keys; whichever command had them has none then. Without keys it has none; undefined resets it. */
export function chooseKeys(id: string, keys: string | undefined): void {
  chosenKeys.set((before) => {
    const { [id]: _, ...others } = before;
    if (keys === undefined) return others;
    const taken = keys === "" ? undefined : commandWithKeys(keys, others, id);
    return { ...others, [id]: keys, ...(taken !== undefined && { [taken.id]: "" }) };
  });
}

/** The command that has the keys, other than one. */
export function commandWithKeys(
  keys: string,
  chosen: Readonly<Record<string, string>>,
  other: string,
): CommandInfo | undefined {
  return COMMANDS.find((c) => c.id !== other && keysOf(c, chosen)?.toLowerCase() === keys.toLowerCase());
}

/** The command whose keys were pressed. Keys without Ctrl or Alt do not count while somebody types. */
export function commandOfKey(event: KeyboardEvent): CommandInfo | undefined {
  return COMMANDS.find((command) => {
    const keys = keysOf(command);
    return keys !== undefined && matches(keys, event);
  });
}

function matches(keys: string, event: KeyboardEvent): boolean {
  if (keys === "Space" || keys === "+") {
    const isHeld = event.ctrlKey || event.altKey || event.metaKey;
    if (isHeld || isTyping(event.target)) return false;
    return keys === "+" ? event.key === "+" : event.key === " " && !isControl(event.target);
  }
  // "+" itself may be the key.
  const parts = keys.endsWith("++") ? [...keys.slice(0, -2).split("+"), "+"] : keys.split("+");
  const key = parts.at(-1) ?? "";
  const isMod = isMac ? event.metaKey : event.ctrlKey;
  if (parts.includes("Mod") !== isMod || parts.includes("Alt") !== event.altKey) return false;
  const isPlain = parts.length === 1 && (key.length === 1 || key === "Delete");
  if (isPlain) return !isTyping(event.target) && event.key.toLowerCase() === key.toLowerCase();
  if (parts.includes("Shift") !== event.shiftKey) return false;
  // The physical key, since Alt changes what it types.
  return event.key.toLowerCase() === key.toLowerCase() || event.code === `Key${key}` || event.code === `Digit${key}`;
}

const MODIFIERS = ["Control", "Meta", "Alt", "AltGraph", "Shift", "CapsLock", "Dead"];

/** Keys that move through the page or leave a field, and are no one's to choose. */
const KEPT = ["Tab", "Escape", "Enter", " ", "Backspace", "Delete"];

/** What was pressed, as keys are written; undefined for modifiers alone and for keys that every page needs. */
export function keysOfEvent(
  event: Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">,
): string | undefined {
  if (MODIFIERS.includes(event.key)) return undefined;
  const isMod = isMac ? event.metaKey : event.ctrlKey;
  const isHeld = isMod || event.altKey;
  if (!isHeld && (KEPT.includes(event.key) || event.key.startsWith("Arrow"))) return undefined;
  const physical = /^(?:Key|Digit)(.)$/.exec(event.code)?.[1];
  if (!isHeld && event.key.length === 1) return event.key;
  const key = isHeld && physical !== undefined ? physical : event.key;
  return [...(isMod ? ["Mod"] : []), ...(event.altKey ? ["Alt"] : []), ...(event.shiftKey ? ["Shift"] : []), key].join(
    "+",
  );
}

/** Whether the space bar means something to what has the focus. */
function isControl(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest("button, a, summary, [role=menuitem], [role=checkbox]") !== null
  );
}

export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}
