import { join } from "node:path";
import { homedir } from "node:os";
import { RPCHandler } from "@orpc/server/message-port";
import type { SupportedMessagePort } from "@orpc/client/message-port";
import { z } from "zod";
import { nodeHost } from "../app/nodeHost.ts";
import { openEngine } from "./engine.ts";
import { homeFolder, PRODUCT } from "./home.ts";
import { openPlaces } from "./places.ts";
import { router } from "./router.ts";

/** What the desktop's main process asks of the engine's process, beside what pages ask through their ports. */
export const desktopMessage = z.discriminatedUnion("kind", [
  /** A page's port comes with the message. */
  z.strictObject({ kind: z.literal("connect") }),
  /** A person has chosen a path; the answer is its place. */
  z.strictObject({ kind: z.literal("grant"), id: z.int(), path: z.string() }),
  /** How many jobs are at work, or wait for it. */
  z.strictObject({ kind: z.literal("busy"), id: z.int() }),
  z.strictObject({ kind: z.literal("close") }),
]);
export type DesktopMessage = z.infer<typeof desktopMessage>;

/** The parent's side of a utility process, as far as it is used. */
export interface Parent {
  on(
    event: "message",
    listener: (message: { readonly data: unknown; readonly ports: readonly unknown[] }) => void,
  ): void;
  postMessage(message: unknown): void;
}

/** Serves the engine to the pages of the desktop, over the ports that its main process hands in. */
export function serveDesktop(parent: Parent): void {
  const places = openPlaces({ Home: homedir() });
  const engine = openEngine({
    host: nodeHost,
    places,
    home: homeFolder(),
    sample: join(PRODUCT, "samples", "fashion-mnist"),
  });
  const handler = new RPCHandler(router);
  parent.on("message", ({ data, ports }) => {
    const message = desktopMessage.parse(data);
    if (message.kind === "connect") {
      const [port] = ports as readonly (SupportedMessagePort & { start(): void })[];
      if (port === undefined) return;
      handler.upgrade(port, { context: { engine } });
      port.start();
    } else if (message.kind === "grant") {
      parent.postMessage({ kind: "granted", id: message.id, place: places.grant(message.path) });
    } else if (message.kind === "busy") {
      const { id } = message;
      void engine.jobs.busy().then(
        (running) => parent.postMessage({ kind: "running", id, running }),
        () => parent.postMessage({ kind: "running", id, running: 0 }),
      );
    } else void engine.close().then(() => parent.postMessage({ kind: "closed" }));
  });
  parent.postMessage({ kind: "ready", node: process.versions.node });
}
