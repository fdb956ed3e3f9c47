import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { listMethods } from "../../core/app/methods.ts";
import { LATHE_VERSION } from "../../core/app/version.ts";

const root = resolve(import.meta.dirname, "../..");
let out: string;

beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), "lathe-build-"));
  const command = join(root, "node_modules/electron-vite/bin/electron-vite.js");
  await promisify(execFile)(process.execPath, [command, "build", "--outDir", out], { cwd: root });
});

afterAll(() => rm(out, { recursive: true, force: true }));

const read = (path: string): Promise<string> => readFile(join(out, path), "utf8");

it("makes the preload script one CommonJS file that needs Electron alone", async () => {
  expect(await readdir(join(out, "preload"))).toEqual(["index.cjs"]);
  const code = await read("preload/index.cjs");
  expect([...code.matchAll(/require\("([^"]+)"\)/g)].map((found) => found[1])).toEqual(["electron"]);
  expect(code).not.toMatch(/^(import|export) /m);
});

it("leaves Electron and Node out of the main process, and carries the rest", async () => {
  expect(await readdir(join(out, "main"))).toEqual(["index.js"]);
  const imports = [...(await read("main/index.js")).matchAll(/from "([^"./][^"]*)"/g)].map((found) => found[1] ?? "");
  const foreign = imports.filter((name) => name !== "electron" && !builtinModules.includes(name.replace(/^node:/, "")));
  expect(imports).toContain("electron");
  expect(foreign).toEqual([]);
});

it("lays the engine out so that it finds its methods and serves them through a port", async () => {
  // Packages are looked for above the file, as they are in the product's folder.
  const place = join(root, "out", `test-engine-${process.pid}`);
  await cp(join(out, "engine"), place, { recursive: true });
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", ASK], {
      cwd: place,
      env: { ...process.env, LATHE_HOME: join(out, "home"), NODE_OPTIONS: "" },
    });
    const { methods, lathe } = JSON.parse(stdout) as { methods: string[]; lathe: string };
    expect(methods).toEqual((await listMethods()).map((m) => m.id));
    expect(lathe).toBe(LATHE_VERSION);
  } finally {
    await rm(place, { recursive: true });
  }
});

/** Starts the laid-out engine as the main process does, with a port in place of a page's. */
const ASK = `
  import { MessageChannel } from "node:worker_threads";
  import { createORPCClient } from "@orpc/client";
  import { RPCLink } from "@orpc/client/message-port";
  import { pathToFileURL } from "node:url";
  const { serveDesktop } = await import(pathToFileURL("core/serve/desktop.js").href);
  let hear;
  serveDesktop({ on: (_, listener) => (hear = listener), postMessage: () => undefined });
  const { port1, port2 } = new MessageChannel();
  hear({ data: { kind: "connect" }, ports: [port1] });
  const client = createORPCClient(new RPCLink({ port: port2 }));
  port2.start();
  const methods = (await client.methods.list()).map((m) => m.id);
  const { lathe } = await client.engine.status();
  console.log(JSON.stringify({ methods, lathe }));
  process.exit(0);
`;

it("makes a page that its own content security policy lets run", async () => {
  const page = await read("renderer/index.html");
  const scripts = [...page.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/g)];
  expect(scripts).toHaveLength(1);
  for (const [, attributes, code] of scripts) {
    expect(attributes).toMatch(/src="\.\/assets\//);
    expect(code).toBe("");
  }
  expect(page).not.toMatch(/<style|style=|https?:\/\//);
});
