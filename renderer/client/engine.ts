import { createORPCClient } from "@orpc/client";
import { QueryClient } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import type { DesktopApi } from "../../core/contract/desktop.ts";
import type { EngineClient } from "../../core/contract/procedures.ts";
import { createStore, type Store } from "../kit/store.ts";
import { followEvents } from "./events.ts";
import { failureOf } from "./failure.ts";
import { connect, dialDesktop, dialServer, type ConnectionState } from "./link.ts";

declare global {
  interface Window {
    readonly lathe?: DesktopApi;
  }
}

/** The engine as the page sees it. */
export interface Engine {
  readonly client: EngineClient;
  readonly queries: QueryClient;
  readonly state: Store<ConnectionState>;
  /** What the desktop gives; absent in a browser. */
  readonly desktop: DesktopApi | undefined;
}

export function openEngine(desktop: DesktopApi | undefined): Engine {
  const state = createStore<ConnectionState>("connecting");
  const queries = new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        refetchOnWindowFocus: false,
        // Only a broken connection is worth another try; the engine's word stands.
        retry: (count, thrown) => count < 2 && failureOf(thrown).code === "internal",
      },
    },
  });
  let wasConnected = false;
  const dial = desktop === undefined ? dialServer(socketAddress(), takeToken()) : dialDesktop(desktop);
  const link = connect({
    dial,
    onState: (now) => {
      state.set(now);
      if (now !== "connected") return;
      // What was missed while the connection was down is asked for again.
      if (wasConnected) void queries.invalidateQueries();
      wasConnected = true;
    },
  });
  const client: EngineClient = createORPCClient(link);
  followEvents(client, queries, state);
  return { client, queries, state, desktop };
}

function socketAddress(): string {
  const { protocol, host } = window.location;
  return `${protocol === "https:" ? "wss:" : "ws:"}//${host}/engine`;
}

const TOKEN = "lathe.token";

/** The token of the address that `lathe serve` prints; kept, and taken out of the address. */
function takeToken(): string {
  const given = /^#token=([\w-]+)$/.exec(window.location.hash)?.[1];
  if (given !== undefined) {
    keepToken(given);
    window.history.replaceState(null, "", `${window.location.pathname}#/`);
  }
  return given ?? localStorage.getItem(TOKEN) ?? "";
}

export function keepToken(token: string): void {
  localStorage.setItem(TOKEN, token);
}

export const EngineContext = createContext<Engine | undefined>(undefined);

export function useEngine(): Engine {
  const engine = useContext(EngineContext);
  if (engine === undefined) throw new Error("There is no engine around this component.");
  return engine;
}
