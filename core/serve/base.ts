import { implement, ORPCError } from "@orpc/server";
import { toLatheError } from "../base/error.ts";
import type { Failure } from "../contract/failure.ts";
import { procedures } from "../contract/procedures.ts";
import { streamed } from "./channel.ts";
import type { Engine } from "./engine.ts";

/** What a door gives to every call. */
export interface CallContext {
  readonly engine: Engine;
}

/** The contract to be implemented; whatever a procedure throws crosses as a `Failure`. */
export const server = implement(procedures)
  .$context<CallContext>()
  .use(async ({ next, context }) => {
    try {
      return await next();
    } catch (thrown) {
      throw crossing(thrown, context.engine);
    }
  });

/** The failure that a page is told; one of our own making is logged whole. */
export function crossing(thrown: unknown, { host }: Engine): ORPCError<"FAILED", Failure> | ORPCError<string, unknown> {
  // Input that does not fit the contract, for instance.
  if (thrown instanceof ORPCError) return thrown;
  const error = toLatheError(thrown);
  const { code, message, hint } = error;
  if (code === "internal") host.log.write("error", message, { stack: stackOf(error) });
  const data = { code, message, ...(hint !== undefined && { hint }) };
  return new ORPCError("FAILED", { status: 422, message, data, defined: true });
}

function stackOf(error: Error): string | undefined {
  return error.cause instanceof Error ? stackOf(error.cause) : error.stack;
}

/** Long work of a procedure as the stream that the contract promises. */
export async function* working<E, R>(
  engine: Engine,
  signal: AbortSignal | undefined,
  work: (emit: (event: E) => void, signal: AbortSignal) => Promise<R>,
): AsyncGenerator<E, R> {
  try {
    return yield* streamed(signal, work);
  } catch (thrown) {
    throw crossing(thrown, engine);
  }
}
