import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { answerPage } from "../../main/pages.ts";
import { CONTENT_SECURITY_POLICY } from "../../core/serve/policy.ts";

let folder: string;
let root: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lathe-pages-"));
  root = join(folder, "renderer");
  await mkdir(join(root, "assets.js"), { recursive: true });
  await writeFile(join(root, "index.html"), "<!doctype html><title>Lathe</title>");
  await writeFile(join(root, "notes.txt"), "of a type that no page asks for");
  await writeFile(join(folder, "secret.json"), "{}");
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const ask = (address: string, method = "GET"): Promise<Response> => answerPage(root, new Request(address, { method }));

it("serves a page with its type and the content security policy", async () => {
  const response = await ask("app://lathe/index.html");
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(response.headers.get("content-security-policy")).toBe(CONTENT_SECURITY_POLICY);
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  expect(await response.text()).toContain("<title>Lathe</title>");
});

it.each([
  ["a file that is not there", "app://lathe/missing.js"],
  ["a folder", "app://lathe/assets.js"],
  ["a type that the renderer does not use", "app://lathe/notes.txt"],
  ["a file outside the renderer", "app://lathe/..%2fsecret.json"],
  ["another host", "app://other/index.html"],
])("answers 404 for %s", async (_what, address) => {
  const response = await ask(address);
  expect(response.status).toBe(404);
  expect(await response.text()).toBe("");
});

it("answers 405 for anything but GET", async () => {
  expect((await ask("app://lathe/index.html", "POST")).status).toBe(405);
});
