import { LatheError, type ErrorCode } from "../base/error.ts";
import type { JobView } from "../contract/jobs.ts";
import type { Engine } from "./jobs.ts";
import type { Work } from "./project.ts";

/**
 * Passes on what a job's work tells until it neither waits nor runs; aborting cancels the job. Call it before the job can
 * have begun, or its first events are missed.
 * @param begin submits or resumes the job
 */
export async function followJob(
  engine: Engine,
  begin: () => Promise<JobView> | JobView,
  { signal, emit }: Work,
): Promise<JobView> {
  const over = new AbortController();
  const events = engine.events(over.signal);
  const { id } = await begin();
  const cancel = (): void => {
    const { state } = engine.find(id);
    if (state === "queued" || state === "running") engine.cancel(id);
  };
  signal.addEventListener("abort", cancel, { once: true });
  if (signal.aborted) cancel();
  const passing = (async () => {
    for await (const { job, event } of events) {
      if (job !== id) continue;
      if (event.kind === "stage" || event.kind === "progress" || event.kind === "message" || event.kind === "metric") {
        emit(event);
      }
    }
  })();
  try {
    return await engine.settled(id);
  } finally {
    signal.removeEventListener("abort", cancel);
    over.abort();
    await passing;
  }
}

/** Throws what kept a job from its end. @throws cancelled, disk-full, device, and what its method failed with */
export function checkDone({ id, state, reason, failure }: JobView): void {
  if (state === "done") return;
  if (state === "cancelled") throw new LatheError("cancelled", "Cancelled.");
  if (failure !== undefined) {
    const { code, message, hint } = failure;
    throw new LatheError(code as ErrorCode, message, { ...(hint !== undefined && { hint }), details: { job: id } });
  }
  const code = state === "paused" ? "disk-full" : "device";
  throw new LatheError(code, `Job "${id}" is "${state}". ${reason ?? ""}`.trimEnd(), {
    details: { job: id },
    hint: `It goes on from its checkpoint with: lathe jobs resume ${id}.`,
  });
}
