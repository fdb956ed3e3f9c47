import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { hash } from "../../core/base/hash.ts";
import type { Json } from "../../core/base/json.ts";
import type { ProgressEvent } from "../../core/contract/event.ts";
import type { Trial } from "../../core/contract/trial.ts";
import type { Model } from "../../core/graph/model.ts";
import { findMethod } from "../../core/methods/catalogue.ts";
import type { MethodResult, TrialLog } from "../../core/methods/define.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { findNet } from "../../core/zoo/catalogue.ts";
import { stripes } from "../train/pictures.ts";

/** Two stages of up to two residual blocks, on 8×8 pictures of four classes. */
export const SMALL_SPACE = JSON.stringify({
  resolution: [1],
  channels: [8],
  stages: {
    type: "array",
    minItems: 2,
    maxItems: 2,
    items: {
      type: "object",
      properties: {
        width: { enum: [0.5, 1] },
        blocks: {
          type: "array",
          minItems: 1,
          maxItems: 2,
          items: {
            type: "object",
            properties: { op: { const: "residual" }, kernel: { enum: [3, 5] }, expansion: { const: 1 } },
          },
        },
      },
    },
  },
});

export const MODEL = findNet("staged").build({ input: [1, 8, 8], classes: 4, seed: 0 });

/** A log that hands out what it was given, and throws when it has taken so many. */
export function logOf(done: readonly Trial[] = [], most = Infinity): TrialLog & { readonly added: Trial[] } {
  const all = [...done];
  const added: Trial[] = [];
  return {
    done: all,
    added,
    add: (trial) => {
      all.push(trial);
      added.push(trial);
      return added.length >= most ? Promise.reject(new Error("killed")) : Promise.resolve();
    },
  };
}

export interface SearchRun {
  readonly params: Readonly<Record<string, Json>>;
  readonly log?: TrialLog;
  readonly folder?: string;
  readonly seed?: number;
  readonly signal?: AbortSignal;
  readonly emit?: (event: ProgressEvent) => void;
}

/** Runs a method of the search family on stripes. */
export async function search(id: string, run: SearchRun): Promise<MethodResult<Json>> {
  const method = await findMethod(id);
  return method.run({
    model: MODEL,
    params: method.parse(run.params),
    seed: run.seed ?? 1,
    calibration: undefined,
    split: (name) => (name === "train" ? stripes(192, 1) : stripes(96, 2)),
    session: { threads: 1 },
    host: nodeHost,
    signal: run.signal ?? new AbortController().signal,
    emit: run.emit ?? (() => undefined),
    ...(run.log && { trials: run.log }),
    ...(run.folder !== undefined && { work: { folder: run.folder, key: "key" } }),
  });
}

export const temporaryFolder = (): Promise<string> => mkdtemp(join(tmpdir(), "lathe-search-"));

export const bytesOf = (model: Model): string => hash(encodeModel(model));
