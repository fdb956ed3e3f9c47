import { LatheError } from "../base/error.ts";
import type { Host } from "../base/host.ts";
import type { Model } from "../graph/model.ts";

/** What the runtime can load, and what to remove once it did. */
export interface Staged {
  readonly content: Uint8Array | string;
  readonly name: string;
  /** Where the external tensors of in-memory content are. */
  readonly externalFolder?: string;
  discard(): Promise<void>;
}

/** Brings a model into a form that the runtime can load. */
export function stageModel(model: Model, host: Host): Promise<Staged> {
  host.log.write("debug", "staging", { producer: model.producer });
  throw new LatheError("unsupported", "Models in memory cannot be run.", { hint: "Open the file by its path." });
}
