import type { Batch, SampleStream } from "./batches.ts";

/** The first `count` samples of a stream, as a stream; all of them where there are fewer. */
export function firstSamples(stream: SampleStream, count: number): SampleStream {
  if (stream.count <= count) return stream;
  return Object.freeze<SampleStream>({
    ...stream,
    count,
    indices: stream.indices.subarray(0, count),
    batches: (size, signal, recycle) => until(stream.batches(Math.min(size, count), signal, recycle), count),
  });
}

async function* until(batches: AsyncIterable<Batch>, count: number): AsyncGenerator<Batch> {
  let left = count;
  for await (const batch of batches) {
    const rows = Math.min(left, batch.indices.length);
    yield rows === batch.indices.length ? batch : cut(batch, rows);
    left -= rows;
    if (left === 0) return;
  }
}

function cut({ indices, input, labels }: Batch, rows: number): Batch {
  const elements = (input.data.length / indices.length) * rows;
  const data = ArrayBuffer.isView(input.data) ? input.data.subarray(0, elements) : input.data.slice(0, elements);
  return {
    indices: indices.subarray(0, rows),
    input: { ...input, dims: [rows, ...input.dims.slice(1)], data },
    labels: labels?.subarray(0, rows),
  };
}
