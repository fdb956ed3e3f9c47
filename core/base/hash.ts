import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/** Streaming SHA-256. */
export interface Hasher {
  update(bytes: Uint8Array): Hasher;
  /** Lower-case hexadecimal digest; ends the stream. */
  digest(): string;
}

export function startHash(): Hasher {
  const state = sha256.create();
  const hasher: Hasher = {
    update: (bytes) => (state.update(bytes), hasher),
    digest: () => bytesToHex(state.digest()),
  };
  return hasher;
}

/** SHA-256 of bytes or UTF-8 text, in hexadecimal. */
export function hash(content: Uint8Array | string): string {
  return startHash()
    .update(typeof content === "string" ? new TextEncoder().encode(content) : content)
    .digest();
}
