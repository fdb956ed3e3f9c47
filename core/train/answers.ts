import { elementCount, toFloat32, type NdArray } from "../base/array.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import { LatheError, toLatheError } from "../base/error.ts";
import { hash } from "../base/hash.ts";
import type { Host } from "../base/host.ts";
import { canonicalJson, type Json } from "../base/json.ts";
import type { Emit } from "../contract/event.ts";
import type { SampleStream } from "../data/batches.ts";
import { augmentBatch, type AugmentSpec } from "./augment/augment.ts";
import { readCheckpoint, removeLeftovers, writeCheckpoint } from "./checkpoint.ts";
import type { Teacher } from "./teacher.ts";

/** What a teacher said to each sample, as often as there are views of it. */
export interface Answers {
  /** Different augmentations of each sample. */
  readonly views: number;
  /** Views that were found on disk, and views that the teacher was asked for. */
  readonly found: number;
  readonly asked: number;
  /** Bytes of all answers. */
  readonly bytes: number;
  /** Logits [n, classes] of samples by their numbers. @throws internal for a sample that was not collected */
  logits(indices: Int32Array, view: number): NdArray;
}

export interface AnswerOptions {
  readonly samples: SampleStream;
  readonly augment: AugmentSpec;
  /** The seed of the training, on which the augmentation depends. */
  readonly seed: number;
  readonly views: number;
  /** Highest logits that are kept of each answer; 0 keeps all. */
  readonly top: number;
  readonly batch: number;
  /** Opened only where some answer is not on disk yet; whoever calls closes it. Its first value are its logits. */
  readonly teacher: () => Promise<Teacher>;
  /** All that the teacher's answers follow from: its hash, threads. */
  readonly key: Json;
  /** Folder with what was collected before; nothing is kept on disk without it, or without the data's fingerprint. */
  readonly cache?: string;
  readonly host: Host;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/** One view, as it is on disk. */
interface View {
  readonly classes: number;
  /** [n, kept], the highest first where not all are kept. */
  readonly logits: Float32Array;
  /** [n, kept]: the classes of the logits; absent where all are kept. */
  readonly kept: Int32Array | undefined;
  /** [n]: the logarithm of the sum of the exponentials of what was left out. */
  readonly rest: Float32Array | undefined;
}

/**
 * Asks a teacher once about every sample under a number of augmentations, so that any number of students and epochs
 * learn from it without running it again (Dataset Reinforcement, Faghri et al. 2023). A view is a file in the cache,
 * written whole or not at all; one that is damaged is collected again, and a full disk costs the cache alone.
 */
export async function collectAnswers(options: AnswerOptions): Promise<Answers> {
  const { samples, views, top, emit } = options;
  const collected: View[] = [];
  let asked = 0;
  for (let view = 0; view < views; view++) {
    const entry = entryOf(options, view);
    const found = entry && (await readView(entry, options));
    if (found === undefined) {
      emit({
        kind: "stage",
        name: views === 1 ? "Asking the teacher" : `Asking the teacher, view ${view + 1} of ${views}`,
      });
      asked++;
    }
    const made = found ?? (await askView(options, view));
    collected.push(made);
    if (found === undefined && entry !== undefined) await writeView(entry, made, options);
  }
  const rowOf = new Map(Array.from(samples.indices, (index, row) => [index, row]));
  const bytes = collected.reduce(
    (sum, { logits, kept, rest }) => sum + logits.byteLength + (kept?.byteLength ?? 0) + (rest?.byteLength ?? 0),
    0,
  );
  return {
    views,
    found: views - asked,
    asked,
    bytes,
    logits: (indices, at) => {
      const view = collected[at % views]!;
      const data = new Float32Array(indices.length * view.classes);
      for (const [i, index] of indices.entries()) {
        const row = rowOf.get(index);
        if (row === undefined) throw new LatheError("internal", `The teacher was not asked about sample "${index}".`);
        restore(view, row, { top, into: data.subarray(i * view.classes, (i + 1) * view.classes) });
      }
      return { type: "float32", dims: [indices.length, view.classes], data };
    },
  };
}

interface Entry {
  readonly path: string;
  readonly key: string;
}

/** Where a view is kept, by all that decides on it. */
function entryOf({ samples, host, cache, ...options }: AnswerOptions, view: number): Entry | undefined {
  const { fingerprint, indices, preprocessing } = samples;
  if (cache === undefined || fingerprint === undefined) return undefined;
  const { augment, seed, top, key: teacher } = options;
  // Without augmentation the seed decides nothing.
  const isPlain = Object.keys(augment).length === 0;
  const which = hash(new Uint8Array(indices.buffer, indices.byteOffset, indices.byteLength));
  const facts = { teacher, data: fingerprint, which, preprocessing, augment, top, ...(!isPlain && { seed, view }) };
  const key = hash(canonicalJson(facts as unknown as Json));
  return { path: host.files.join(cache, `answers-${key.slice(0, 24)}`), key };
}

async function readView({ path, key }: Entry, { host, emit, samples, top }: AnswerOptions): Promise<View | undefined> {
  try {
    await removeLeftovers(path, host);
    const found = await readCheckpoint(path, host);
    if (found?.key !== key) return undefined;
    const [logits, kept, rest] = ["logits", "kept", "rest"].map((name) => found.arrays.get(name)?.data);
    const { classes } = found.position as { readonly classes: number };
    const isWhole = logits?.length === samples.count * (top === 0 ? classes : Math.min(top, classes));
    if (!isWhole) return undefined;
    return { classes, logits: logits as Float32Array, kept: kept as Int32Array, rest: rest as Float32Array };
  } catch (thrown) {
    const { message } = toLatheError(thrown);
    emit({ kind: "message", level: "warning", text: `The teacher is asked again: ${message}` });
    return undefined;
  }
}

async function writeView(
  { path, key }: Entry,
  { classes, logits, kept, rest }: View,
  { host, emit, samples, cache = "" }: AnswerOptions,
): Promise<void> {
  const width = logits.length / Math.max(1, samples.count);
  const arrays = new Map<string, NdArray>([
    ["logits", { type: "float32", dims: [samples.count, width], data: logits }],
    ...(kept && rest
      ? ([
          ["kept", { type: "int32", dims: [samples.count, width], data: kept }],
          ["rest", { type: "float32", dims: [samples.count], data: rest }],
        ] as const)
      : []),
  ]);
  try {
    await host.files.makeFolder(cache);
    await writeCheckpoint(path, { key, position: { classes }, arrays }, host);
  } catch (thrown) {
    const { message, hint = "" } = toLatheError(thrown);
    const text = `The teacher's answers could not be kept on disk; the training goes on with them. ${message} ${hint}`;
    emit({ kind: "message", level: "warning", text });
  }
}

async function askView(options: AnswerOptions, view: number): Promise<View> {
  const { samples, augment, seed, top, batch: size, signal, emit } = options;
  const teacher = await options.teacher();
  let made: View | undefined;
  let done = 0;
  for await (const batch of samples.batches(size, signal, true)) {
    throwIfCancelled(signal);
    augmentBatch(batch, augment, { seed, epoch: view, preprocessing: samples.preprocessing });
    const [answer] = await teacher.ask(batch.input);
    const classes = answer === undefined ? 0 : elementCount(answer.dims.slice(1));
    made ??= emptyView(samples.count, classes, top);
    const rows = toFloat32(answer!);
    for (let i = 0; i < batch.indices.length; i++) {
      keep(made, done + i, rows.subarray(i * classes, (i + 1) * classes));
    }
    done += batch.indices.length;
    emit({ kind: "progress", done, total: samples.count, unit: "samples" });
  }
  return made ?? emptyView(0, 0, top);
}

function emptyView(count: number, classes: number, top: number): View {
  const isWhole = top === 0 || top >= classes;
  const width = isWhole ? classes : top;
  return {
    classes,
    logits: new Float32Array(count * width),
    kept: isWhole ? undefined : new Int32Array(count * width),
    rest: isWhole ? undefined : new Float32Array(count),
  };
}

function keep({ classes, logits, kept, rest }: View, row: number, answer: Float32Array): void {
  if (kept === undefined || rest === undefined) {
    logits.set(answer, row * classes);
    return;
  }
  const width = logits.length / rest.length;
  const order = Uint32Array.from(answer, (_, c) => c).sort((a, b) => answer[b]! - answer[a]! || a - b);
  const highest = answer[order[0] ?? 0] ?? 0;
  let sum = 0;
  for (const [place, c] of order.entries()) {
    if (place < width) {
      logits[row * width + place] = answer[c]!;
      kept[row * width + place] = c;
    } else sum += Math.exp(answer[c]! - highest);
  }
  rest[row] = highest + Math.log(sum);
}

/** Classes that were left out share what is left of the probability. */
function restore(
  { classes, logits, kept, rest }: View,
  row: number,
  { into }: { readonly top: number; readonly into: Float32Array },
): void {
  if (kept === undefined || rest === undefined) {
    into.set(logits.subarray(row * classes, (row + 1) * classes));
    return;
  }
  const width = logits.length / rest.length;
  into.fill(rest[row]! - Math.log(classes - width));
  for (let place = row * width; place < (row + 1) * width; place++) into[kept[place]!] = logits[place]!;
}
