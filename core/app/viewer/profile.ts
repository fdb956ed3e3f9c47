import { LatheError } from "../../base/error.ts";
import type { Layer } from "../../contract/measurement.ts";
import { runChild } from "../../runtime/child.ts";
import type { Work } from "../project.ts";

/** What the probe gets. */
export interface ProfileTask {
  readonly path: string;
  readonly times: boolean;
}

/** In a build the script stands beside this file. */
const PROBE = new URL("./profileProbe.ts", import.meta.url);

/** Milliseconds after which a model that was run for its shapes is given up. */
const LONGEST = 120_000;

/**
 * Runs a model in a process of its own for the shapes of its values and the arithmetic of its nodes, and on demand for
 * their times: one thread, one sample, random input.
 * @throws what loading and running it throws; device where it takes too long
 */
export async function profileFile(
  path: string,
  { times, emit, signal }: Work & Pick<ProfileTask, "times">,
): Promise<readonly Layer[]> {
  emit({ kind: "stage", name: times ? "Timing each layer" : "Running it once for its shapes" });
  const limit = AbortSignal.timeout(LONGEST);
  try {
    const task: ProfileTask = { path, times };
    return await runChild<readonly Layer[]>(PROBE, task, { signal: AbortSignal.any([signal, limit]) });
  } catch (thrown) {
    if (!limit.aborted || signal.aborted) throw thrown;
    throw new LatheError("device", `Running the model took longer than "${LONGEST / 1000}" seconds.`, {
      hint: "Measure it as a job instead.",
    });
  }
}
