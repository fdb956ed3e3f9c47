import { toFloat32 } from "../base/array.ts";
import { LatheError } from "../base/error.ts";
import type { Host } from "../base/host.ts";
import type { SampleStream } from "../data/batches.ts";
import type { Model } from "../graph/model.ts";
import { withSession, type SessionOptions } from "../runtime/session.ts";

export interface OutputOptions {
  readonly stream: SampleStream;
  /** Samples in a call; a model with a fixed batch decides itself. */
  readonly batch: number;
  readonly session: SessionOptions;
  readonly host: Host;
  readonly signal: AbortSignal;
}

/** All float32 outputs of a model over some samples, one after the other. */
export interface Outputs {
  readonly values: Float32Array;
  /** Samples that were run. */
  readonly rows: number;
  /** Their classes, where there are labels. */
  readonly labels: Int32Array | undefined;
}

/**
 * Runs a model over a stream and keeps what comes out. Samples that do not fill a fixed batch are left out.
 * @throws unsupported where no output is float32
 */
export async function collectOutputs(model: Model, options: OutputOptions): Promise<Outputs> {
  const { stream, session, host, signal } = options;
  return withSession(model, { ...session, host }, async (open) => {
    const input = open.inputs[0]!;
    const fixed = input.dims[0];
    const size = typeof fixed === "number" ? fixed : options.batch;
    const parts: Float32Array[] = [];
    const labels: number[] = [];
    let rows = 0;
    for await (const batch of stream.batches(size, signal)) {
      if (batch.indices.length !== size && typeof fixed === "number") continue;
      const outputs = await open.run({ [input.name]: batch.input });
      for (const output of Object.values(outputs)) if (output.type === "float32") parts.push(toFloat32(output));
      rows += batch.indices.length;
      labels.push(...(batch.labels ?? []));
    }
    if (parts.length === 0) throw new LatheError("unsupported", "The model has no float32 output to compare.");
    const values = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      values.set(part, at);
      at += part.length;
    }
    return { values, rows, labels: labels.length === rows ? Int32Array.from(labels) : undefined };
  });
}
