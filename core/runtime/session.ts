import type { NdArray } from "../base/array.ts";
import { LatheError } from "../base/error.ts";
import type { Host } from "../base/host.ts";
import type { ProviderName } from "../contract/device.ts";
import type { Model } from "../graph/model.ts";
import { checkFeeds, sentence, type InputInfo } from "./feeds.ts";
import { InferenceSession, Tensor } from "./ort.ts";
import { loadError, runError } from "./failures.ts";
import { DeviceArray, type SplitArrays } from "./deviceArray.ts";
import type { Staged } from "./stage.ts";
import { fromOrt, toOrt, typeOf } from "./tensors.ts";

export type { InputInfo } from "./feeds.ts";

export interface SessionOptions {
  /** Default: cpu. */
  readonly provider?: ProviderName;
  /** Intra-op threads; default 1. Sums on the CPU depend on it, nothing else of a run does. */
  readonly threads?: number;
  /** How far the runtime may rewrite the graph; default "all". */
  readonly optimization?: "none" | "basic" | "extended" | "all";
  /**
   * Whether the runtime plans all buffers of a run as one block after the first run (default). With large activations
   * this doubles the memory, since the first run's buffers are kept as well.
   */
  readonly memoryPattern?: boolean;
  /** Names of rewrites of the runtime that it leaves out. */
  readonly withoutRewrites?: readonly string[];
  /** Names of nodes that the webgpu provider leaves to the CPU. */
  readonly onCpu?: readonly string[];
  /** Outputs that stay in the memory of the webgpu device; `runResident` fetches them as handles. */
  readonly resident?: readonly string[];
  /** Path prefix of the profiler's trace, which `close` completes. */
  readonly profilePrefix?: string;
  /** Where the runtime writes the graph that it really executes. */
  readonly optimizedModelPath?: string;
}

/** A model ready to run. Whoever opened it closes it; `withSession` does both. */
export interface Session {
  readonly inputs: readonly InputInfo[];
  readonly outputs: readonly InputInfo[];
  /**
   * Runs the model; by default fetches every output. The outputs own their memory, or are written into the
   * arrays of an earlier run (`into`), which must have the same types and shapes.
   * @throws invalid-argument for feeds that are missing, unknown or of the wrong type or shape.
   * @throws not-runnable where the runtime fails inside the graph.
   */
  run(
    feeds: Readonly<Record<string, NdArray>>,
    fetches?: readonly string[],
    into?: Readonly<Record<string, NdArray>>,
  ): Promise<Record<string, NdArray>>;
  /** Runs with feeds of which some are on the device, and fetches all outputs, those of `resident` as handles. */
  runResident(
    feeds: Readonly<Record<string, NdArray>>,
    held: Readonly<Record<string, DeviceArray>>,
  ): Promise<SplitArrays<NdArray>>;
  /** Waits for runs under way and frees the runtime's memory. A second call does nothing. */
  close(): Promise<void>;
}

export type ModelSource = Model | Uint8Array | { readonly path: string };

/**
 * Loads a model into ONNX Runtime.
 * @throws invalid-model for bytes that are no model, not-runnable for what the runtime cannot execute,
 * device where the provider is not there.
 */
export async function openSession(source: ModelSource, options: SessionOptions, host: Host): Promise<Session> {
  if (source instanceof Uint8Array) return create({ content: source, name: "the model", discard: nothing }, options);
  if ("path" in source) return create({ content: source.path, name: `"${source.path}"`, discard: nothing }, options);
  // Files and bytes need no ONNX writer, and processes that measure memory should not hold one.
  const { stageModel } = await import("./stage.ts");
  if (options.provider !== "webgpu") return create(await stageModel(source, host), options);
  const { withoutFailing } = await import("./webgpu.ts");
  const { model, onCpu } = withoutFailing(source);
  return create(await stageModel(model, host), { ...options, onCpu: [...onCpu, ...(options.onCpu ?? [])] });
}

/** Opens a session, hands it to `use` and closes it whatever happens. */
export async function withSession<T>(
  source: ModelSource,
  { host, ...options }: SessionOptions & { readonly host: Host },
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(source, options, host);
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}

async function create(staged: Staged, options: SessionOptions): Promise<Session> {
  const settings = settingsOf(options, staged.externalFolder);
  try {
    const { content } = staged;
    // The overloads for a path and for bytes are separate.
    const inner =
      typeof content === "string"
        ? InferenceSession.create(content, settings)
        : InferenceSession.create(content, settings);
    return wrap(await inner, staged.name);
  } catch (thrown) {
    throw loadError(thrown, { name: staged.name, provider: options.provider ?? "cpu" });
  } finally {
    await staged.discard();
  }
}

/** Checks feeds and views them as the runtime's tensors. */
export function tensorsOf(
  inputs: readonly InputInfo[],
  feeds: Readonly<Record<string, NdArray>>,
  model: string,
): Record<string, Tensor> {
  checkFeeds(inputs, feeds, model);
  return Object.fromEntries(inputs.map((input) => [input.name, toOrt(feeds[input.name]!)]));
}

function providerOf({ provider = "cpu", onCpu = [] }: SessionOptions): InferenceSession.ExecutionProviderConfig {
  return provider === "webgpu" && onCpu.length > 0 ? { name: provider, forceCpuNodeNames: onCpu } : provider;
}

/** Our options as the runtime's. */
export function settingsOf(options: SessionOptions, externalFolder?: string): InferenceSession.SessionOptions {
  const level = options.optimization ?? "all";
  return {
    executionProviders: [providerOf(options)],
    intraOpNumThreads: options.threads ?? 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
    enableMemPattern: options.memoryPattern ?? true,
    graphOptimizationLevel: level === "none" ? "disabled" : level,
    // Its errors are thrown as well; printing them would only break a progress bar.
    logSeverityLevel: 4,
    ...(options.resident !== undefined && {
      preferredOutputLocation: Object.fromEntries(options.resident.map((name) => [name, "gpu-buffer"] as const)),
    }),
    ...(options.profilePrefix !== undefined && { enableProfiling: true, profileFilePrefix: options.profilePrefix }),
    ...(options.optimizedModelPath !== undefined && { optimizedModelFilePath: options.optimizedModelPath }),
    extra: {
      ...(options.withoutRewrites && {
        optimization: { disable_specified_optimizers: options.withoutRewrites.join(";") },
      }),
      session: {
        // Else idle threads spin on after a run, into whatever comes next: two sessions of ResNet-20 with two
        // threads taking turns take 0.58 to 0.77 ms a call, each alone 0.46. With it, 0.48 both ways.
        force_spinning_stop: "1",
        ...(externalFolder !== undefined && { model_external_initializers_file_folder_path: externalFolder }),
      },
    },
  };
}

function wrap(inner: InferenceSession, name: string): Session {
  const inputs = inner.inputMetadata.map(infoOf);
  const outputs = inner.outputMetadata.map(infoOf);
  let open = true;
  let last: Promise<unknown> = Promise.resolve();

  const checkFetches = (fetches: readonly string[] | undefined): readonly string[] => {
    const names = fetches ?? outputs.map((o) => o.name);
    const unknown = names.find((n) => !outputs.some((o) => o.name === n));
    const packed = outputs.find((o) => names.includes(o.name) && (o.type === "int4" || o.type === "uint4"));
    if (packed !== undefined) {
      // onnxruntime-node 1.30 ends the whole process when it hands one out.
      throw new LatheError(
        "unsupported",
        `The output "${packed.name}" is "${packed.type}", which the runtime cannot hand out.`,
        {
          hint: "Put a Cast behind it, so that the output is int8, or fetch other outputs.",
        },
      );
    }
    if (unknown === undefined) return names;
    throw new LatheError("invalid-argument", `${sentence(name)} has no output "${unknown}".`, {
      hint: `Its outputs are: ${outputs.map((o) => o.name).join(", ")}.`,
    });
  };
  return Object.freeze<Session>({
    inputs,
    outputs,
    run: async (feeds, fetches, into) => {
      if (!open) throw new LatheError("invalid-argument", `The session of ${name} is closed.`);
      const names = checkFetches(fetches);
      const given = tensorsOf(inputs, feeds, name);
      const running = inner.run(
        given,
        into === undefined
          ? names
          : Object.fromEntries(names.map((n) => [n, into[n] === undefined ? null : toOrt(into[n])])),
      );
      last = running.catch(() => undefined);
      const results = await running.catch((thrown: unknown) => {
        throw runError(thrown, name);
      });
      return Object.fromEntries(names.map((n) => [n, fromOrt(results[n], n)]));
    },
    runResident: async (feeds, held) => {
      if (!open) throw new LatheError("invalid-argument", `The session of ${name} is closed.`);
      const fed = inputs.filter((input) => held[input.name] === undefined);
      const there = Object.entries(held).map(([input, { tensor }]) => [input, tensor] as const);
      const running = inner.run({ ...tensorsOf(fed, feeds, name), ...Object.fromEntries(there) });
      last = running.catch(() => undefined);
      const results = await running.catch((thrown: unknown) => {
        throw runError(thrown, name);
      });
      return splitResults(results);
    },
    close: async () => {
      if (!open) return;
      open = false;
      await last;
      await inner.release();
    },
  });
}

function splitResults(results: InferenceSession.OnnxValueMapType): SplitArrays<NdArray> {
  const arrays: Record<string, NdArray> = {};
  const held: Record<string, DeviceArray> = {};
  for (const [name, value] of Object.entries(results)) {
    if (value instanceof Tensor && value.location === "gpu-buffer") held[name] = new DeviceArray(value);
    else arrays[name] = fromOrt(value, name);
  }
  return { arrays, held };
}

function infoOf(metadata: InferenceSession.ValueMetadata): InputInfo {
  if (!metadata.isTensor) return { name: metadata.name, type: "undefined", dims: [] };
  return { name: metadata.name, type: typeOf(metadata.type), dims: metadata.shape };
}

const nothing = (): Promise<void> => Promise.resolve();
