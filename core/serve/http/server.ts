import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { RPCHandler } from "@orpc/server/ws";
import { WebSocketServer, type WebSocket } from "ws";
import { LatheError, toLatheError } from "../../base/error.ts";
import type { Engine } from "../engine.ts";
import { answerPage } from "../pages.ts";
import { SECURITY_HEADERS } from "../policy.ts";
import { router } from "../router.ts";
import { isLoopback, isOwnHost, isOwnOrigin, isSameToken, PROTOCOL, tokenOf } from "./checks.ts";
import { isToken, TOKEN_FORM } from "./token.ts";

export interface ServeOptions {
  readonly engine: Engine;
  /** Folder with the built renderer. */
  readonly renderer: string;
  /** Address to listen on; anything but loopback needs `allowRemote`. */
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** Random where absent. */
  readonly token?: string | undefined;
  readonly allowRemote: boolean;
}

export interface Served {
  readonly port: number;
  /** What to open in a browser; carries the token behind the #, which no browser sends anywhere. */
  readonly address: string;
  close(): Promise<void>;
}

const ENGINE_PATH = "/engine";
/** Bytes of one message of a page. */
const LARGEST_MESSAGE = 16 * 2 ** 20;
const HEARTBEAT = 30_000;
/** Why a socket was closed: the page has to ask for the token. */
export const WRONG_TOKEN = 4401;

/**
 * Serves the renderer and the engine to browsers.
 * @throws invalid-argument for an address that others can reach, without leave, and for a token that is none
 */
export async function serve(options: ServeOptions): Promise<Served> {
  const { engine, renderer, host, allowRemote, token = randomBytes(24).toString("base64url") } = options;
  if (!isLoopback(host) && !allowRemote) {
    throw new LatheError("invalid-argument", `"${host}" can be reached from other machines.`, {
      hint: "Use 127.0.0.1 and an SSH tunnel, or add --allow-remote: the connection is not encrypted.",
    });
  }
  if (!isToken(token)) {
    throw new LatheError(
      "invalid-argument",
      `The token "${token}" has ${token.length} characters; a token is ${TOKEN_FORM}.`,
      { hint: "Choose another one, or leave --token out: then a random one is made." },
    );
  }
  const hosts = isLoopback(host) ? ["127.0.0.1", "localhost", "::1"] : [host];
  const server = createServer();
  const port = await listen(server, options);
  server.on("request", (request, response) => {
    if (!isOwnHost(request.headers.host, hosts, port)) refuse(response, 403);
    else {
      answer(renderer, request, response).catch((thrown: unknown) => {
        engine.host.log.write("error", toLatheError(thrown, "Answering a request").message);
        refuse(response, 500);
      });
    }
  });
  const sockets = acceptSockets(engine, token);
  server.on("upgrade", (request, socket: Duplex, head) => {
    const { host: asked, origin } = request.headers;
    const path = request.url?.split("?")[0];
    if (path !== ENGINE_PATH || !isOwnHost(asked, hosts, port) || !isOwnOrigin(origin, hosts, port)) {
      socket.end("HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    sockets.accept(request, socket, head);
  });
  const shown = isLoopback(host) && host !== "::1" ? host : host.includes(":") ? `[${host}]` : host;
  return {
    port,
    address: `http://${shown}:${port}/#token=${token}`,
    close: async () => {
      sockets.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function listen(server: Server, { host, port }: ServeOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const isTaken = cause.code === "EADDRINUSE";
      reject(
        new LatheError("io", `Cannot listen on "${host}" port "${port}": ${isTaken ? "it is taken" : cause.message}.`, {
          hint: isTaken ? "Choose another with --port, or 0 for any." : "Choose another with --host.",
          cause,
        }),
      );
    });
    server.listen({ host, port }, () => resolve((server.address() as AddressInfo).port));
  });
}

async function answer(renderer: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const method = request.method ?? "GET";
  const path = (request.url ?? "/").split(/[?#]/)[0] ?? "/";
  const { status, headers, body } = await answerPage(renderer, method, path);
  response.writeHead(status, { ...headers, "content-length": body?.byteLength ?? 0 });
  response.end(method === "HEAD" ? undefined : body);
}

function refuse(response: ServerResponse, status: number): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(status, { ...SECURITY_HEADERS, "content-length": 0 }).end();
}

interface Sockets {
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): void;
}

/** Takes sockets whose origin was checked; the token decides whether they get the engine. */
function acceptSockets(engine: Engine, token: string): Sockets {
  const handler = new RPCHandler(router);
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: LARGEST_MESSAGE,
    handleProtocols: (offered) => (offered.has(PROTOCOL) ? PROTOCOL : false),
  });
  const alive = new WeakSet<WebSocket>();
  // A connection that a tunnel dropped without a word would keep its listeners for ever.
  const heartbeat = setInterval(() => {
    for (const socket of sockets.clients) {
      if (!alive.has(socket)) socket.terminate();
      alive.delete(socket);
      socket.ping();
    }
  }, HEARTBEAT);
  heartbeat.unref();
  return {
    accept: (request, socket, head) => {
      sockets.handleUpgrade(request, socket, head, (opened) => {
        opened.on("error", () => opened.terminate());
        if (!isSameToken(tokenOf(request.headers["sec-websocket-protocol"]), token)) {
          opened.close(WRONG_TOKEN, "The token is wrong.");
          return;
        }
        alive.add(opened);
        opened.on("pong", () => alive.add(opened));
        void handler.upgrade(opened, { context: { engine } });
      });
    },
    close: () => {
      clearInterval(heartbeat);
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
    },
  };
}
