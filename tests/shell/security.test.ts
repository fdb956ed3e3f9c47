import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { CONTENT_SECURITY_POLICY } from "../../core/serve/policy.ts";
import { fileOfAddress, isOwnPage, isTrusted, START_PAGE, windowSecurity } from "../../main/security.ts";

const root = resolve("/product/out/renderer");

describe("window security", () => {
  it("isolates the page from Node and cannot be changed afterwards", () => {
    const preferences = windowSecurity("/product/out/preload/index.cjs");
    expect(preferences).toEqual({
      preload: "/product/out/preload/index.cjs",
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      navigateOnDragDrop: false,
    });
    expect(Object.isFrozen(preferences)).toBe(true);
  });
});

describe("content security policy", () => {
  it("starts from nothing and lets in neither inline code nor other origins", () => {
    expect(CONTENT_SECURITY_POLICY).toMatch(/^default-src 'none'; /);
    expect(CONTENT_SECURITY_POLICY).not.toMatch(/unsafe|https?:|\*/);
  });
});

describe("navigation lock", () => {
  it.each([START_PAGE, "app://lathe/", "app://lathe/index.html?project=1#jobs"])(
    "lets a window go to %s",
    (address) => {
      expect(isOwnPage(address)).toBe(true);
    },
  );

  it.each([
    "https://example.org/",
    "http://lathe/index.html",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "data:text/html,hello",
    "about:blank",
    "app://other/index.html",
    "app://lathe.example.org/index.html",
    "app://lathe:8080/index.html",
    "app://someone@lathe/index.html",
    "not an address",
    "",
  ])("keeps a window away from %s", (address) => {
    expect(isOwnPage(address)).toBe(false);
  });
});

describe("messages of pages", () => {
  it.each([
    ["the window's own page", { url: START_PAGE, parent: null }, true],
    ["a frame within it", { url: START_PAGE, parent: {} }, false],
    ["a page elsewhere", { url: "https://example.org/", parent: null }, false],
    ["a page that is gone", null, false],
  ])("come from %s: %s", (_who, senderFrame, expected) => {
    expect(isTrusted({ senderFrame })).toBe(expected);
  });
});

describe("addresses of files", () => {
  it.each([
    ["app://lathe/", "index.html"],
    ["app://lathe", "index.html"],
    ["app://lathe/index.html", "index.html"],
    ["app://lathe/assets/a%20b.js?v=1#x", "assets/a b.js"],
    ["app://lathe/assets/../index.html", "index.html"],
    ["app://lathe/../../index.html", "index.html"],
    ["app://lathe/..hidden/x.js", "..hidden/x.js"],
  ])("maps %s to %s", (address, file) => {
    expect(fileOfAddress(root, address)).toBe(join(root, file));
  });

  it.each([
    "app://lathe/..%2f..%2fetc/passwd",
    "app://lathe/%2e%2e%2f%2e%2e%2fetc/passwd",
    "app://lathe/assets/..%2f..%2f..%2fmain/index.js",
    "app://lathe/..%5c..%5cwindows",
    "app://lathe/..%2frenderer-of-another/index.html",
    "app://lathe/assets%00.html",
    "app://lathe/%zz",
    "app://lathe/assets%2f..",
    "app://other/index.html",
    "https://lathe/index.html",
  ])("names no file for %s", (address) => {
    expect(fileOfAddress(root, address)).toBeUndefined();
  });
});
