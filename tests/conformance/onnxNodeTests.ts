import { isDeepStrictEqual } from "node:util";
import { fromBinary } from "@bufbuild/protobuf";
import { InferenceSession, type Tensor } from "onnxruntime-node";
import { decodeModel } from "../../core/onnx/decode.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { ModelProtoSchema } from "../../core/onnx/generated/onnx_pb.ts";
import { sharedData } from "../shared.ts";
import { readCases, type NodeCase } from "./archive.ts";
import { plainEdges, type Edged } from "./edges.ts";
import { readValue } from "./values.ts";
import { meaningOf } from "./wire.ts";

export interface Outcome {
  readonly name: string;
  readonly result: "passed" | "failed" | "not loadable by the runtime";
  /** Why it failed, why the runtime does not load it, or how onnxruntime itself misses the expectation. */
  readonly note?: string;
}

/**
 * Runs one case: (a) our copy means the same, (b) it gives the expected outputs wherever onnxruntime loads the
 * original. Where the original itself misses them, the copy has to miss them by exactly the same bytes.
 */
export async function runCase(test: NodeCase): Promise<Outcome> {
  const { name, model } = test;
  const fail = (note: string): Outcome => ({ name, result: "failed", note });
  let copy: Uint8Array;
  try {
    const first = await decodeModel(model);
    copy = encodeModel(first);
    if (!isDeepStrictEqual(meaningOf(copy), meaningOf(model))) return fail("the copy's messages differ");
    if (!isDeepStrictEqual(await decodeModel(copy), first)) return fail("the copy's graph differs");
  } catch (error) {
    return fail(`reading: ${messageOf(error)}`);
  }
  const graph = fromBinary(ModelProtoSchema, model).graph;
  if (graph === undefined) return fail("no graph");
  const given = new Set(graph.initializer.map((t) => t.name));
  const declared = graph.input.filter((v) => !given.has(v.name));
  const notes = new Set<string>();
  for (const set of test.sets) {
    const inputs = set.inputs.map((bytes, i) => readValue(bytes, declared[i]?.type));
    const outputs = set.outputs.map((bytes, i) => readValue(bytes, graph.output[i]?.type));
    const original = plainEdges(model, inputs, outputs);
    const reference = await execute(original);
    if (!reference.loaded) return { name, result: "not loadable by the runtime", note: reference.error };
    const ours = await execute(plainEdges(copy, inputs, outputs));
    if (reference.outputs === undefined || ours.outputs === undefined) {
      if (reference.error !== ours.error) return fail(`original: "${reference.error}", copy: "${ours.error}"`);
      notes.add(`onnxruntime fails on the original and on the copy alike: ${reference.error}`);
      continue;
    }
    const miss = firstMiss(ours.outputs, original.expected);
    if (miss === undefined) continue;
    if (firstMiss(reference.outputs, original.expected) === undefined) return fail(`only the copy misses: ${miss}`);
    if (!sameBytes(ours.outputs, reference.outputs)) return fail(`original and copy miss differently: ${miss}`);
    notes.add(`onnxruntime's own outputs are not the expected ones: ${miss}`);
  }
  return { name, result: "passed", ...(notes.size > 0 ? { note: [...notes].join("; ") } : {}) };
}

export interface Execution {
  readonly loaded: boolean;
  readonly outputs?: Readonly<Record<string, Tensor>>;
  readonly error: string;
}

export async function execute({ model, feeds }: Edged): Promise<Execution> {
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 4 });
  } catch (error) {
    return { loaded: false, error: messageOf(error) };
  }
  try {
    return { loaded: true, outputs: await session.run(feeds), error: "" };
  } catch (error) {
    return { loaded: true, error: messageOf(error) };
  } finally {
    await session.release();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function firstMiss(
  outputs: Readonly<Record<string, Tensor>>,
  expected: Readonly<Record<string, Tensor>>,
): string | undefined {
  for (const [name, want] of Object.entries(expected)) {
    const have = outputs[name];
    if (have === undefined) return `no output ${name}`;
    if (have.type !== want.type) return `${name} is ${have.type}, not ${want.type}`;
    if (!isDeepStrictEqual([...have.dims], [...want.dims]))
      return `${name} is [${have.dims.join()}], not [${want.dims.join()}]`;
    const a = have.data as ArrayLike<number | bigint | string>;
    const b = want.data as ArrayLike<number | bigint | string>;
    for (let i = 0; i < b.length; i++) {
      if (!isClose(a[i], b[i])) return `${name}[${i}] is ${String(a[i])}, not ${String(b[i])}`;
    }
  }
  return undefined;
}

/** Relative 1e-3, absolute 1e-5: ONNX's own bounds for its backend tests, whose absolute one is 1e-7. */
function isClose(a: unknown, b: unknown): boolean {
  if (typeof a !== "number" || typeof b !== "number") return a === b;
  return Object.is(a, b) || a === b || Math.abs(a - b) <= 1e-5 + 1e-3 * Math.abs(b);
}

function sameBytes(a: Readonly<Record<string, Tensor>>, b: Readonly<Record<string, Tensor>>): boolean {
  return Object.entries(a).every(([name, tensor]) => isDeepStrictEqual(tensor.data, b[name]?.data));
}

/** All cases of the archive, one after the other. */
export async function runCases(archive: string): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const test of readCases(archive)) outcomes.push(await runCase(test));
  return outcomes;
}

/** `passed, failed, not loadable by the runtime` with their counts. */
export function summarize(outcomes: readonly Outcome[]): string {
  const count = (result: Outcome["result"]): number => outcomes.filter((o) => o.result === result).length;
  return `${count("passed")} passed, ${count("failed")} failed, ${count("not loadable by the runtime")} not loadable by the runtime`;
}

export const NODE_TESTS =
  sharedData === undefined ? undefined : `${sharedData}/conformance/onnx-node-rel-1.17.0.tar.gz`;

if (import.meta.main) {
  if (NODE_TESTS === undefined) throw new Error("no shared data; set LATHE_SHARED");
  const outcomes = await runCases(NODE_TESTS);
  for (const { name, result, note } of outcomes) if (note !== undefined) console.log(`${name}: ${result}: ${note}`);
  console.log(summarize(outcomes));
}
