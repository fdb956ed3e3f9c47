import { timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import { hash } from "../../base/hash.ts";

/** Name of the protocol that a page speaks with the engine; the token comes as a second one, since no header can be set. */
export const PROTOCOL = "lathe.1";
const TOKEN_PREFIX = "lathe.token.";

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/**
 * Whether a request was meant for this server. A page elsewhere that has its name point here (DNS rebinding) sends
 * its own name.
 * @param header the request's Host
 * @param hosts names and addresses that the server goes by
 */
export function isOwnHost(header: string | undefined, hosts: readonly string[], port: number): boolean {
  if (header === undefined) return false;
  return hosts.some((host) => header.toLowerCase() === authority(host, port));
}

/** Whether a page of this server asks, not one of somebody else's. Programs that are no browsers send no origin. */
export function isOwnOrigin(origin: string | undefined, hosts: readonly string[], port: number): boolean {
  if (origin === undefined) return false;
  return hosts.some((host) => origin.toLowerCase() === `http://${authority(host, port)}`);
}

function authority(host: string, port: number): string {
  const name = isIP(host) === 6 ? `[${host}]` : host.toLowerCase();
  return port === 80 ? name : `${name}:${port}`;
}

/** The token among the protocols that a page offers. */
export function tokenOf(protocols: string | undefined): string {
  const offered = (protocols ?? "").split(",").map((p) => p.trim());
  return offered.find((p) => p.startsWith(TOKEN_PREFIX))?.slice(TOKEN_PREFIX.length) ?? "";
}

/** Compares without telling by its duration how much was right. */
export function isSameToken(given: string, expected: string): boolean {
  return timingSafeEqual(Buffer.from(hash(given), "hex"), Buffer.from(hash(expected), "hex"));
}
