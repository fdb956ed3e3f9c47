import type { NdArray } from "../base/array.ts";
import { LatheError } from "../base/error.ts";
import { loadError, runError } from "./failures.ts";
import type { InputInfo } from "./feeds.ts";
import { binding, initOrt } from "./ort.ts";
import { settingsOf, tensorsOf, type SessionOptions } from "./session.ts";
import { typeOfCode } from "./tensors.ts";

/** A model with its feeds bound, for timing: nothing but the runtime's own run lies between call and return. */
export interface TimedRun {
  /** Runs once, synchronously, and drops the outputs. Gives the milliseconds that it took. */
  run(): number;
  close(): void;
}

export interface TimedRunOptions extends SessionOptions {
  readonly path: string;
  /** Feeds for the declared inputs. */
  readonly feeds: (inputs: readonly InputInfo[]) => Readonly<Record<string, NdArray>>;
}

/**
 * Loads a model for timing. The runtime's public `run` waits for the event loop, some 0.03 ms that a call of
 * a small model would be charged with; this takes the synchronous call underneath it.
 * @throws as `openSession` and its `run` do.
 */
export function openTimedRun({ path, feeds, ...options }: TimedRunOptions): TimedRun {
  initOrt();
  const name = `"${path}"`;
  const session = new binding.InferenceSession();
  try {
    session.loadModel(path, settingsOf(options));
  } catch (thrown) {
    throw loadError(thrown, { name, provider: options.provider ?? "cpu" });
  }
  const inputs = session.inputMetadata.map(infoOf);
  const given = tensorsOf(inputs, feeds(inputs), name);
  const fetches = Object.fromEntries(session.outputMetadata.map((o) => [o.name, null]));
  let open = true;
  return Object.freeze<TimedRun>({
    run: () => {
      if (!open) throw new LatheError("invalid-argument", `The session of ${name} is closed.`);
      try {
        const start = performance.now();
        session.run(given, fetches, {});
        return performance.now() - start;
      } catch (thrown) {
        throw runError(thrown, name);
      }
    },
    close: () => {
      if (!open) return;
      open = false;
      session.dispose();
    },
  });
}

interface Metadata {
  readonly name: string;
  readonly isTensor: boolean;
  readonly symbolicDimensions: readonly string[];
  readonly shape: readonly number[];
  readonly type: number;
}

function infoOf(metadata: Metadata): InputInfo {
  if (!metadata.isTensor) return { name: metadata.name, type: "undefined", dims: [] };
  const dims = metadata.shape.map((d, i) => (d >= 0 ? d : (metadata.symbolicDimensions[i] ?? "")));
  return { name: metadata.name, type: typeOfCode(metadata.type), dims };
}
