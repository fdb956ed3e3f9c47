import { cpus } from "node:os";
import { predictSamples } from "../measure/predictions.ts";
import { sampleStream } from "../data/batches.ts";
import { answer } from "../runtime/child.ts";
import { withSession } from "../runtime/session.ts";
import { nodeHost } from "./nodeHost.ts";
import { openProject } from "./project.ts";
import { openData } from "./projectData.ts";
import type { PredictTask } from "./samplePredictions.ts";

/** Samples in a call. */
const BATCH = 64;
/** Milliseconds between two words of how far it is. */
const PACE = 100;

answer(async ({ project: folder, data, path, indices }: PredictTask, tell) => {
  const project = await openProject(folder, "read", nodeHost);
  const signal = new AbortController().signal;
  try {
    const opened = await openData(project, data, { signal, emit: () => undefined });
    try {
      const stream = sampleStream(opened.dataset, { indices, preprocessing: data.preprocessing });
      const threads = Math.max(1, Math.min(8, cpus().length));
      let told = 0;
      return await withSession({ path }, { threads, host: nodeHost }, (session) =>
        predictSamples(session, stream, {
          batch: BATCH,
          emit: (event) => {
            if (event.kind === "progress" && event.done < event.total && performance.now() - told < PACE) return;
            told = performance.now();
            tell(event);
          },
        }),
      );
    } finally {
      await opened.close();
    }
  } finally {
    project.store.close();
  }
});
