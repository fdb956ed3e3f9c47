import type { NdArray } from "../base/array.ts";
import { LatheError } from "../base/error.ts";
import type { Host } from "../base/host.ts";
import type { Model } from "../graph/model.ts";
import { loadError, runError } from "./failures.ts";
import type { InputInfo } from "./feeds.ts";
import { binding, initOrt, type Tensor } from "./ort.ts";
import { settingsOf, tensorsOf, type SessionOptions } from "./session.ts";
import type { Staged } from "./stage.ts";
import { typeOfCode } from "./tensors.ts";

/** A model with its feeds bound, for timing: nothing but the runtime's own run lies between call and return. */
export interface TimedRun {
  /** Runs once, synchronously, and drops the outputs. Gives the milliseconds that it took. */
  run(): number;
  /** Samples in a call: the first dimension of the first input. */
  readonly batch: number;
  close(): void;
}

type Feeds = Readonly<Record<string, NdArray>>;

export interface TimedRunOptions extends SessionOptions {
  /** Feeds for the declared inputs. Of several, the first that the model runs on. */
  readonly feeds: (inputs: readonly InputInfo[]) => Feeds | readonly Feeds[];
}

/** A path, or the bytes of a file with the folder of their external tensors. */
export type Source = string | { readonly content: Uint8Array | string; readonly externalFolder?: string };

/**
 * Loads a model for timing. The runtime's public `run` waits for the event loop, some 0.03 ms that a call of
 * a small model would be charged with; this takes the synchronous call underneath it.
 * @throws as `openSession` and its `run` do.
 */
export function openTimedRun(source: Source, options: TimedRunOptions): TimedRun {
  if (typeof source === "string") return open({ content: source, name: `"${source}"` }, options);
  return open({ name: "the model", ...source }, options);
}

/** The same for a model in memory. */
export async function openTimedModel(
  model: Model,
  { host, ...options }: TimedRunOptions & { readonly host: Host },
): Promise<TimedRun> {
  const { stageModel } = await import("./stage.ts");
  const staged = await stageModel(model, host);
  try {
    return open(staged, options);
  } finally {
    await staged.discard();
  }
}

function open(staged: Omit<Staged, "discard">, { feeds, ...options }: TimedRunOptions): TimedRun {
  const { content, name } = staged;
  initOrt();
  const session = new binding.InferenceSession();
  try {
    const settings = settingsOf(options, staged.externalFolder);
    if (typeof content === "string") session.loadModel(content, settings);
    else session.loadModel(content.buffer as ArrayBuffer, content.byteOffset, content.byteLength, settings);
  } catch (thrown) {
    throw loadError(thrown, { name, provider: options.provider ?? "cpu" });
  }
  try {
    return bind(session, { name, feeds });
  } catch (thrown) {
    session.dispose();
    throw thrown;
  }
}

type Binding = InstanceType<typeof binding.InferenceSession>;

function bind(session: Binding, { name, feeds }: { readonly name: string } & Pick<TimedRunOptions, "feeds">): TimedRun {
  const inputs = session.inputMetadata.map(infoOf);
  const fetches = Object.fromEntries(session.outputMetadata.map((o) => [o.name, null]));
  const call = (given: Record<string, Tensor>): number => {
    try {
      const start = performance.now();
      session.run(given, fetches, {});
      return performance.now() - start;
    } catch (thrown) {
      throw runError(thrown, name);
    }
  };
  const given = firstThatRuns(
    [feeds(inputs)].flat().map((f) => tensorsOf(inputs, f, name)),
    call,
  );
  let isOpen = true;
  return Object.freeze<TimedRun>({
    batch: given[inputs[0]?.name ?? ""]?.dims[0] ?? 1,
    run: () => {
      if (!isOpen) throw new LatheError("invalid-argument", `The session of ${name} is closed.`);
      return call(given);
    },
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      session.dispose();
    },
  });
}

/** @throws what the first one fails with, when all fail */
function firstThatRuns<T>(choices: readonly T[], run: (choice: T) => unknown): T {
  const [first, ...others] = choices;
  if (first === undefined) throw new LatheError("invalid-argument", "There are no feeds.");
  if (others.length === 0) return first;
  let failure: unknown;
  for (const choice of choices) {
    try {
      run(choice);
      return choice;
    } catch (thrown) {
      failure ??= thrown;
    }
  }
  throw failure;
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
