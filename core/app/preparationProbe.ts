import { cpus } from "node:os";
import { openDataset } from "../data/open.ts";
import { tryPreparations } from "../measure/tryPreparations.ts";
import { answer } from "../runtime/child.ts";
import { withSession } from "../runtime/session.ts";
import { nodeHost } from "./nodeHost.ts";
import type { PreparationTask } from "./choosePreparation.ts";

/** Milliseconds between two words of how far it is. */
const PACE = 100;

answer(async ({ path, location, reading, index, ...task }: PreparationTask, tell) => {
  const { signal } = new AbortController();
  const dataset = await openDataset(location, { ...reading, ...(index && { index }), signal });
  const threads = Math.max(1, Math.min(8, cpus().length));
  let told = 0;
  try {
    return await withSession({ path }, { threads, host: nodeHost }, (session) =>
      tryPreparations(session, dataset, {
        ...task,
        clock: nodeHost.clock,
        signal,
        emit: (event) => {
          if (event.kind === "progress" && performance.now() - told < PACE) return;
          told = performance.now();
          tell(event);
        },
      }),
    );
  } finally {
    await dataset.close();
  }
});
