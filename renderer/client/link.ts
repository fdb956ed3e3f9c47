import type { ClientLink, ClientOptions, ClientContext } from "@orpc/client";
import { RPCLink as PortLink } from "@orpc/client/message-port";
import { RPCLink as SocketLink } from "@orpc/client/websocket";
import type { DesktopApi } from "../../core/contract/desktop.ts";

type Link = ClientLink<ClientContext>;

/** One way to the engine, until it breaks. */
export interface Wire {
  readonly link: Link;
  /** Resolves when it is broken, with why. */
  readonly broken: Promise<"lost" | "refused">;
}

/** Opens a way to the engine. @throws where there is none now */
export type Dial = () => Promise<Wire>;

const PROTOCOL = "lathe.1";
/** The server's code for a token that it does not know. */
const WRONG_TOKEN = 4401;

/** Through the server that the page came from. */
export function dialServer(address: string, token: string): Dial {
  return () =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(address, [PROTOCOL, `lathe.token.${token}`]);
      const broken = new Promise<"lost" | "refused">((end) => {
        socket.addEventListener("close", ({ code }) => {
          end(code === WRONG_TOKEN ? "refused" : "lost");
          reject(new Error("The connection was closed."));
        });
      });
      const link = new SocketLink({ websocket: socket });
      socket.addEventListener("open", () => resolve({ link, broken }));
    });
}

/** Through the desktop's main process, which hands over a port. */
export function dialDesktop(desktop: DesktopApi): Dial {
  return () =>
    new Promise((resolve) => {
      const receive = (event: MessageEvent): void => {
        const [port] = event.ports;
        if (event.source !== window || event.data !== "lathe:port" || port === undefined) return;
        window.removeEventListener("message", receive);
        const broken = new Promise<"lost">((end) => port.addEventListener("close", () => end("lost")));
        port.start();
        resolve({ link: new PortLink({ port }), broken });
      };
      window.addEventListener("message", receive);
      desktop.connect();
    });
}

export type ConnectionState = "connecting" | "connected" | "lost" | "refused";

export interface Connection extends Link {
  close(): void;
}

export interface ConnectOptions {
  readonly dial: Dial;
  readonly onState: (state: ConnectionState) => void;
}

const FIRST_WAIT = 300;
const LONGEST_WAIT = 5000;

/** A link that dials again when it broke. Calls made meanwhile wait; those under way fail and are asked again. */
export function connect({ dial, onState }: ConnectOptions): Connection {
  let isClosed = false;
  let current = Promise.withResolvers<Wire>();
  // Nobody may be waiting when the page goes away.
  current.promise.catch(() => undefined);

  const keep = async (): Promise<void> => {
    for (let wait = FIRST_WAIT; !isClosed;) {
      const wire = await dial().catch(() => undefined);
      if (wire !== undefined) {
        wait = FIRST_WAIT;
        const isRefused = await Promise.race([wire.broken, new Promise<"up">((r) => setTimeout(() => r("up"), 30))]);
        if (isRefused === "refused") {
          onState("refused");
          return;
        }
        current.resolve(wire);
        onState("connected");
        const why = await wire.broken;
        current = Promise.withResolvers<Wire>();
        if (why === "refused") {
          onState("refused");
          return;
        }
      }
      onState("lost");
      await new Promise((r) => setTimeout(r, wait));
      wait = Math.min(LONGEST_WAIT, wait * 2);
    }
  };
  onState("connecting");
  void keep();

  return {
    call: async (path: readonly string[], input: unknown, options: ClientOptions<ClientContext>) =>
      (await current.promise).link.call(path, input, options),
    close: () => {
      isClosed = true;
    },
  };
}
