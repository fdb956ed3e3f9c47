import { ORPCError } from "@orpc/client";
import type { Failure } from "../../core/contract/failure.ts";

/** What went wrong, in the words of the engine where they came from there. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof ORPCError) {
    const data: unknown = thrown.data;
    if (isFailure(data)) return data;
    return { code: "internal", message: thrown.message };
  }
  if (thrown instanceof Error)
    return { code: thrown.name === "AbortError" ? "cancelled" : "internal", message: thrown.message };
  return { code: "internal", message: String(thrown) };
}

function isFailure(data: unknown): data is Failure {
  return typeof data === "object" && data !== null && "code" in data && "message" in data;
}
