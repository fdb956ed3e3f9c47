import { createORPCClient } from "@orpc/client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { RPCLink } from "@orpc/client/websocket";
import { WebSocket } from "ws";
import type { EngineClient } from "../../core/contract/procedures.ts";
import type { Served } from "../../core/serve/http/server.ts";
import { connect, type ConnectionState, type Wire } from "../../renderer/client/link.ts";
import { openBench, openServer, tokenIn, type Bench } from "./fixtures.ts";

let bench: Bench;
let served: Served;
let token: string;

beforeAll(async () => {
  bench = openBench();
  served = await openServer(bench);
  token = tokenIn(served);
});

afterAll(async () => {
  await served.close();
  await bench.engine.close();
});

/** A page's way to the server, from a program that is no browser. */
const dialAs = (known: string) => (): Promise<Wire> =>
  new Promise((resolve, reject) => {
    const { port } = served;
    const socket = new WebSocket(`ws://127.0.0.1:${port}/engine`, ["lathe.1", `lathe.token.${known}`], {
      origin: `http://127.0.0.1:${port}`,
    });
    const broken = new Promise<"lost" | "refused">((end) => {
      socket.on("close", (code) => end(code === 4401 ? "refused" : "lost"));
    });
    socket.on("error", reject);
    const link = new RPCLink({ websocket: socket });
    socket.on("open", () => resolve({ link, broken }));
  });

it("dials again when the server comes back, and calls made meanwhile wait for it", async () => {
  const states: ConnectionState[] = [];
  const link = connect({ dial: dialAs(token), onState: (state) => states.push(state) });
  const client: EngineClient = createORPCClient(link);
  expect(await client.projects.recent()).toEqual([]);
  const { port } = served;
  await served.close();
  await expect.poll(() => states.at(-1)).toBe("lost");
  const waiting = client.engine.status();
  served = await openServer(bench, { port, token });
  expect((await waiting).threads).toBeGreaterThan(0);
  expect(states.filter((s) => s === "connected")).toHaveLength(2);
  link.close();
});

it("does not try again where the token is wrong", async () => {
  const states: ConnectionState[] = [];
  const link = connect({ dial: dialAs("0123456789abcdef"), onState: (state) => states.push(state) });
  await expect.poll(() => states.at(-1)).toBe("refused");
  link.close();
});
