import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CONTENT_SECURITY_POLICY } from "../../core/serve/policy.ts";
import type { Served } from "../../core/serve/http/server.ts";
import { dial, ending, openBench, openServer, tokenIn, type Bench } from "./fixtures.ts";

let bench: Bench;
let served: Served;

beforeAll(async () => {
  bench = openBench();
  served = await openServer(bench);
});

afterAll(async () => {
  await served.close();
  await bench.engine.close();
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Asks with a path and headers as they are, which no well-behaved client would send. */
function ask(path: string, { method = "GET", host }: { method?: string; host?: string } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { host: host ?? `127.0.0.1:${served.port}`, origin: "http://evil.example" };
    const sent = request({ host: "127.0.0.1", port: served.port, path, method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

describe("pages", () => {
  it("come with the security policy and no leave for other origins", async () => {
    const { status, headers, text } = await ask("/");
    expect(status).toBe(200);
    expect(text).toContain("<title>Lathe</title>");
    expect(headers).toMatchObject({
      "content-security-policy": CONTENT_SECURITY_POLICY,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "cache-control": "no-cache",
    });
    expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });

  it("may be kept where their name follows from their content", async () => {
    const { headers } = await ask("/assets/index-abcdefgh.js?x#y");
    expect(headers["cache-control"]).toBe("public, max-age=31536000, immutable");
  });

  it.each([
    "/../secret.json",
    "/..%2fsecret.json",
    "/assets/..%2f..%2fsecret.json",
    "/%00",
    "/%zz",
    "/assets",
    "/gone.js",
  ])("are nothing beside the renderer's own files: %s", async (path) => {
    const { status, text } = await ask(path);
    expect(status).toBe(404);
    expect(text).toBe("");
  });

  it("are only given", async () => {
    expect((await ask("/", { method: "POST" })).status).toBe(405);
    const head = await ask("/", { method: "HEAD" });
    expect([head.status, head.text]).toEqual([200, ""]);
  });

  it("are not for who calls the server by another name", async () => {
    expect((await ask("/", { host: "evil.example" })).status).toBe(403);
    expect((await ask("/", { host: `localhost:${served.port}` })).status).toBe(200);
  });
});

describe("the engine's socket", () => {
  it("answers a page that knows the token", async () => {
    const { client, socket } = dial(served, { token: tokenIn(served) });
    expect(await client.projects.recent()).toEqual([]);
    expect((await client.methods.list()).map((m) => m.id)).toContain("quantize-static");
    socket.close();
  });

  it.each([
    ["another origin", { origin: "http://evil.example" }, 403],
    ["another port of this machine", { origin: "http://127.0.0.1:1" }, 403],
    ["a page of no origin", { origin: "null" }, 403],
    ["another name of the server", { host: "evil.example" }, 403],
    ["another path", { path: "/other" }, 403],
  ])("is closed to %s", async (_who, options, code) => {
    const { socket } = dial(served, { token: tokenIn(served), ...options });
    expect(await ending(socket)).toBe(code);
  });

  it.each(["", "0123456789abcdef"])("is closed to a wrong token: %j", async (token) => {
    const { socket } = dial(served, { token });
    expect(await ending(socket)).toBe(4401);
  });

  it("refuses input that does not fit the contract", async () => {
    const { client, socket } = dial(served, { token: tokenIn(served) });
    const wrong = { name: 7, parent: { root: "root-0", path: "", more: true } } as never;
    await expect(client.projects.create(wrong)).rejects.toMatchObject({ code: "BAD_REQUEST" });
    socket.close();
  });
});

describe("the server", () => {
  it("names its token where no browser sends it", () => {
    expect(served.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{32}$/);
  });

  it("does not listen where others reach it, unless told to", async () => {
    await expect(openServer(bench, { host: "0.0.0.0" })).rejects.toMatchObject({
      code: "invalid-argument",
      message: '"0.0.0.0" can be reached from other machines.',
      hint: "Use 127.0.0.1 and an SSH tunnel, or add --allow-remote: the connection is not encrypted.",
    });
    const open = await openServer(bench, { host: "0.0.0.0", allowRemote: true });
    await open.close();
  });

  it("does not take a token that could be guessed", async () => {
    await expect(openServer(bench, { token: "secret" })).rejects.toMatchObject({
      code: "invalid-argument",
      message: 'The token "secret" has 6 characters; a token is 16 to 200 letters, digits, dashes and underscores.',
      hint: "Choose another one, or leave --token out: then a random one is made.",
    });
  });

  it("says so where its port is taken", async () => {
    await expect(openServer(bench, { port: served.port })).rejects.toMatchObject({
      code: "io",
      message: `Cannot listen on "127.0.0.1" port "${served.port}": it is taken.`,
      hint: "Choose another with --port, or 0 for any.",
    });
  });
});
