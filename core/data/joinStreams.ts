import { elementCount, type NdArray } from "../base/array.ts";
import { hash } from "../base/hash.ts";
import type { Batch, SampleStream } from "./batches.ts";

/** Numbers of the second stream's samples start here, so that they are never those of the first one. */
const SECOND = 2 ** 30;

/**
 * Two streams of equally prepared samples as one: the first one's samples with their labels, and the second one's, which
 * count as unlabelled: their label is −1. In any order that `select` is given the numbers in `indices`.
 */
export function joinStreams(first: SampleStream, second: SampleStream): SampleStream {
  const indices = Int32Array.from([...first.indices, ...Array.from(second.indices, (i) => i + SECOND)]);
  return joined(first, second, indices);
}

function joined(first: SampleStream, second: SampleStream, indices: Int32Array): SampleStream {
  const isFirst = (index: number): boolean => index < SECOND;
  const parts = [
    { stream: first.select(indices.filter(isFirst)), start: 0 },
    { stream: second.select(indices.filter((i) => !isFirst(i)).map((i) => i - SECOND)), start: SECOND },
  ] as const;
  return Object.freeze<SampleStream>({
    count: indices.length,
    classes: first.classes,
    indices,
    preprocessing: first.preprocessing,
    ...(first.fingerprint !== undefined &&
      second.fingerprint !== undefined && { fingerprint: hash(`${first.fingerprint}/${second.fingerprint}`) }),
    select: (others) => joined(first, second, others),
    batches: async function* (size, signal) {
      const readers = parts.map(({ stream }) => readRows(stream, size, signal));
      try {
        for (let start = 0; start < indices.length; start += size) {
          yield await stack(indices.slice(start, start + size), (index) => readers[isFirst(index) ? 0 : 1]!.next());
        }
      } finally {
        for (const reader of readers) await reader.return(undefined);
      }
    },
  });
}

interface Row {
  readonly input: NdArray;
  readonly label: number;
}

/** The samples of a stream one by one. */
async function* readRows(
  stream: SampleStream,
  size: number,
  signal?: AbortSignal,
): AsyncGenerator<Row, undefined, void> {
  for await (const { indices, input, labels } of stream.batches(size, signal)) {
    const elements = elementCount(input.dims.slice(1));
    for (let i = 0; i < indices.length; i++) {
      const data = (input.data as Float32Array).subarray(i * elements, (i + 1) * elements);
      yield { input: { ...input, data }, label: labels?.[i] ?? -1 };
    }
  }
  return undefined;
}

async function stack(
  indices: Int32Array,
  next: (index: number) => Promise<IteratorResult<Row, undefined>>,
): Promise<Batch> {
  const labels = new Int32Array(indices.length).fill(-1);
  let input: NdArray | undefined;
  for (const [i, index] of indices.entries()) {
    const { value: row } = await next(index);
    if (row === undefined) break;
    const part = row.input.data as Float32Array;
    if (input === undefined) {
      const Kind = part.constructor as new (length: number) => Float32Array;
      input = {
        ...row.input,
        dims: [indices.length, ...row.input.dims.slice(1)],
        data: new Kind(part.length * indices.length),
      };
    }
    (input.data as Float32Array).set(part, i * part.length);
    if (index < SECOND) labels[i] = row.label;
  }
  return { indices, input: input!, labels };
}
