import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createORPCClient } from "@orpc/client";
import { RPCLink } from "@orpc/client/websocket";
import { createRouterClient } from "@orpc/server";
import { WebSocket } from "ws";
import { nodeHost } from "../../core/app/nodeHost.ts";
import type { EngineClient } from "../../core/contract/procedures.ts";
import { openEngine, type Engine } from "../../core/serve/engine.ts";
import { serve, type Served, type ServeOptions } from "../../core/serve/http/server.ts";
import { openPlaces } from "../../core/serve/places.ts";
import { router } from "../../core/serve/router.ts";
import { afterAll } from "vitest";
import { writeInputs } from "../app/fixtures.ts";

/** A folder that goes away when the suite is over. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "lathe-serve-")));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Bench {
  readonly folder: string;
  readonly engine: Engine;
  readonly client: EngineClient;
}

/** An engine over a temporary folder with a tiny model and its data, called without a door. */
export function openBench(): Bench {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "files"));
  writeInputs(join(folder, "files"));
  // The sample is laid out as the product's own.
  const sample = join(folder, "sample");
  mkdirSync(sample);
  const engine = openEngine({
    host: nodeHost,
    places: openPlaces({ Files: join(folder, "files") }),
    home: join(folder, "home"),
    sample,
  });
  return { folder, engine, client: createRouterClient(router, { context: { engine } }) };
}

/** A page's place in the bench's only root. */
export const place = (path: string): { root: string; path: string } => ({ root: "root-0", path });

/** A server over an engine with one page, "<title>Lathe</title>". */
export async function openServer(
  bench: Bench,
  options: Partial<Pick<ServeOptions, "host" | "port" | "token" | "allowRemote">> = {},
): Promise<Served> {
  const renderer = join(bench.folder, "pages");
  mkdirSync(join(renderer, "assets"), { recursive: true });
  writeFileSync(join(renderer, "index.html"), "<!doctype html><title>Lathe</title>");
  writeFileSync(join(renderer, "assets", "index-abcdefgh.js"), "export {};");
  writeFileSync(join(bench.folder, "secret.json"), "{}");
  return serve({ engine: bench.engine, renderer, host: "127.0.0.1", port: 0, allowRemote: false, ...options });
}

export interface Dialled {
  readonly client: EngineClient;
  readonly socket: WebSocket;
}

export interface DialOptions {
  readonly token: string;
  readonly origin?: string;
  readonly host?: string;
  readonly path?: string;
}

/** Dials a server as a browser's page does. */
export function dial({ port }: Pick<Served, "port">, options: DialOptions): Dialled {
  const { token, origin = `http://127.0.0.1:${port}`, host, path = "/engine" } = options;
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, ["lathe.1", `lathe.token.${token}`], {
    origin,
    ...(host !== undefined && { headers: { host } }),
  });
  const link = new RPCLink({ websocket: socket });
  return { socket, client: createORPCClient(link) };
}

/** How a socket ended: the answer to its request where it was not taken, or its code. */
export function ending(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => {
    socket.on("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
    socket.on("close", (code) => resolve(code));
    socket.on("error", () => undefined);
  });
}

export function tokenIn({ address }: Served): string {
  return address.split("#token=")[1] ?? "";
}

/** Reads a procedure's stream to its end. */
export async function finish<R>(stream: Promise<{ next(): Promise<IteratorResult<unknown, R>> }>): Promise<R> {
  const iterator = await stream;
  for (;;) {
    const next = await iterator.next();
    if (next.done === true) return next.value;
  }
}
