import { hash } from "../../core/base/hash.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { smallNet } from "../train/models.ts";
import { runLesson } from "./lesson.ts";

/** Prunes a small net by a scan of its groups and trains it, keeping what it has found in a folder. Says each stage. */
export async function pruneRun(folder: string, say: (stage: string) => void): Promise<string> {
  const params = {
    schedule: "sensitivity",
    importance: "l2",
    remove: 0.4,
    multiple: 2,
    samples: 64,
    epochs: 3,
    batch: 32,
    baselines: false,
  };
  const { model } = await runLesson("prune-channels", params, {
    model: smallNet({ classes: 4, widths: [8, 16, 16] }),
    work: { folder, key: "k" },
    emit: (event) => event.kind === "stage" && say(event.name),
  });
  return hash(encodeModel(model));
}
