import { EventEmitter } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { QUIT_CHOICES, quitQuestion, quittingOf } from "../../main/quit.ts";
import { START_PAGE } from "../../main/security.ts";
import { crashGuard, isReachable, readState, screenOf } from "../../main/windowState.ts";

// Of Electron only what is named when the module is loaded; the functions under test take what they need.
vi.mock("electron", () => ({ app: {}, BrowserWindow: {}, screen: {} }));
const { denyPermissions, lockNavigation } = await import("../../main/window.ts");

describe("a window's place", () => {
  const display = { x: 0, y: 0, width: 1920, height: 1080 };

  it("is taken up again where somebody can get hold of it", () => {
    expect(isReachable({ x: 100, y: 100, width: 1280, height: 800 }, [display])).toBe(true);
    expect(isReachable({ x: -1210, y: 100, width: 1280, height: 800 }, [display])).toBe(false);
    expect(isReachable({ x: 2000, y: 0, width: 800, height: 600 }, [display])).toBe(false);
    expect(isReachable({ x: 2000, y: 0, width: 800, height: 600 }, [display, { ...display, x: 1920 }])).toBe(true);
    expect(isReachable({ x: 0, y: 0, width: 800, height: 600 }, [])).toBe(false);
  });

  it("is read from a file that anybody may have spoilt", () => {
    const state = {
      bounds: { x: 1, y: 2, width: 3, height: 4 },
      isMaximized: true,
      address: `${START_PAGE}#/settings`,
    };
    expect(readState(JSON.stringify(state))).toEqual(state);
    for (const text of [undefined, "", "{", "[]", JSON.stringify({ ...state, extra: 1 })]) {
      expect(readState(text)).toBeUndefined();
    }
  });

  it("comes with the screen that was shown, and with nothing else of an address", () => {
    expect(screenOf(`${START_PAGE}#/p/abc/jobs/j1`, START_PAGE)).toBe("#/p/abc/jobs/j1");
    expect(screenOf(START_PAGE, START_PAGE)).toBe("");
    expect(screenOf("https://example.org/#/p/abc", START_PAGE)).toBe("");
    expect(screenOf(`${START_PAGE}?x=1#/p/abc`, START_PAGE)).toBe("");
  });
});

it("loads a page that crashed again, but not one that keeps crashing", () => {
  let now = 0;
  const mayReload = crashGuard(() => now);
  const at = (time: number): boolean => {
    now = time;
    return mayReload();
  };
  expect([at(0), at(5000), at(12_000), at(40_000)]).toEqual([true, false, false, true]);
});

describe("quitting while jobs run", () => {
  it("asks in words that say what becomes of them", () => {
    expect(quitQuestion(1).message).toBe("A job is still running.");
    expect(quitQuestion(3).message).toBe("3 jobs are still running.");
  });

  it("does what the button says, and nothing where the question was closed", () => {
    expect(QUIT_CHOICES.map((_, i) => quittingOf(i))).toEqual(["tray", "checkpoint", "stay"]);
    expect(quittingOf(-1)).toBe("stay");
    expect(quittingOf(9)).toBe("stay");
  });
});

describe("the locks of a window", () => {
  it("keep it on its own page and let it open no other", () => {
    const contents = new EventEmitter() as EventEmitter & { setWindowOpenHandler: (h: () => object) => void };
    let opening: (() => object) | undefined;
    contents.setWindowOpenHandler = (handler) => (opening = handler);
    lockNavigation(contents as never);
    const tried = (name: string, url: string): boolean => {
      let isPrevented = false;
      contents.emit(name, { url, preventDefault: () => (isPrevented = true) });
      return isPrevented;
    };
    for (const name of ["will-navigate", "will-redirect"]) {
      expect(tried(name, "https://example.org/"), name).toBe(true);
      expect(tried(name, START_PAGE), name).toBe(false);
    }
    expect(tried("will-attach-webview", START_PAGE)).toBe(true);
    expect(opening?.()).toEqual({ action: "deny" });
  });

  it("refuse every permission that a page can ask for", () => {
    const answers: unknown[] = [];
    denyPermissions({
      setPermissionRequestHandler: (handler: ((...given: unknown[]) => void) | null) =>
        handler?.(undefined, "media", (answer: unknown) => answers.push(answer)),
      setPermissionCheckHandler: (handler: (() => boolean) | null) => answers.push(handler?.()),
      setDevicePermissionHandler: (handler: (() => boolean) | null) => answers.push(handler?.()),
    } as never);
    expect(answers).toEqual([false, false, false]);
  });
});
