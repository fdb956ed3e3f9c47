import { beforeEach, expect, it } from "vitest";
import { COMMANDS, type CommandInfo } from "../../core/contract/commands.ts";
import { panelSizes, resizePanel, sizeOfPanel } from "../../renderer/kit/layout.ts";
import {
  chooseKeys,
  chosenKeys,
  commandOfKey,
  commandWithKeys,
  keysOf,
  keysOfEvent,
} from "../../renderer/kit/commands.ts";

const commandOf = (id: string): CommandInfo => COMMANDS.find((c) => c.id === id)!;

/** A press as browsers tell of it. */
function press(key: string, more: Partial<KeyboardEvent> = {}): KeyboardEvent {
  const code = /^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : key;
  const held = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
  return { key, code, target: null, ...held, ...more } as KeyboardEvent;
}

// Without a page there are no elements to type into.
(globalThis as { HTMLElement?: unknown }).HTMLElement ??= Object;

beforeEach(() => chosenKeys.set({}));

it("hears the registry's keys until somebody chooses others", () => {
  expect(commandOfKey(press("k", { ctrlKey: true }))?.id).toBe("palette");
  chooseKeys("palette", "Mod+Alt+P");
  expect(commandOfKey(press("k", { ctrlKey: true }))).toBeUndefined();
  expect(commandOfKey(press("p", { ctrlKey: true, altKey: true }))?.id).toBe("palette");
  chooseKeys("palette", undefined);
  expect(keysOf(commandOf("palette"))).toBe("Mod+K");
});

it("never gives the same keys to two commands: who had them has none", () => {
  expect(commandWithKeys("mod+j", {}, "palette")?.id).toBe("go.jobs");
  chooseKeys("palette", "Mod+J");
  expect(keysOf(commandOf("go.jobs"))).toBeUndefined();
  expect(commandOfKey(press("j", { ctrlKey: true }))?.id).toBe("palette");
  const all = COMMANDS.flatMap((c) => keysOf(c) ?? []);
  expect(new Set(all).size).toBe(all.length);
  chooseKeys("palette", "");
  expect(keysOf(commandOf("palette"))).toBeUndefined();
});

it("writes down what was pressed as keys are written, and takes none that pages need", () => {
  expect(keysOfEvent(press("p", { ctrlKey: true, shiftKey: true }))).toBe("Mod+Shift+P");
  // Alt changes what a key types; its place on the keyboard stays.
  expect(keysOfEvent(press("π", { altKey: true, code: "KeyP" }))).toBe("Alt+P");
  expect(keysOfEvent(press("?", { shiftKey: true, code: "Slash" }))).toBe("?");
  expect(keysOfEvent(press("F7"))).toBe("F7");
  for (const key of ["Control", "Shift", "Tab", "Escape", "Enter", "ArrowDown"]) {
    expect(keysOfEvent(press(key)), key).toBeUndefined();
  }
  expect(keysOfEvent(press("Enter", { ctrlKey: true }))).toBe("Mod+Enter");
});

it("hears every combination that it writes down", () => {
  for (const event of [
    press("g", { altKey: true }),
    press(".", { ctrlKey: true, code: "Period" }),
    press("F7"),
    press("+"),
  ]) {
    chooseKeys("theme.dark", keysOfEvent(event));
    expect(commandOfKey(event)?.id, event.key).toBe("theme.dark");
  }
});

it("keeps the sizes of panels by project, within reason", () => {
  expect(sizeOfPanel(panelSizes.get(), "a", "inspector")).toBe(300);
  resizePanel("a", "inspector", 420);
  resizePanel("a", "bottom", 9999);
  expect(sizeOfPanel(panelSizes.get(), "a", "inspector")).toBe(420);
  expect(sizeOfPanel(panelSizes.get(), "a", "bottom")).toBe(600);
  expect(sizeOfPanel(panelSizes.get(), "b", "inspector")).toBe(300);
});
