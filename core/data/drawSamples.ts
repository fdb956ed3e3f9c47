import { seededRandom } from "../base/random.ts";
import type { SampleStream } from "./batches.ts";

/**
 * Some samples of a split in random order, so that every prefix and every batch is a fair sample; all of them where there
 * are fewer. Splits themselves are in the order of the data set, which often is that of the classes.
 */
export function drawSamples(stream: SampleStream, count: number, seed: number): SampleStream {
  const order = seededRandom(seed, "draw").shuffle(Array.from(stream.indices));
  return stream.select(Int32Array.from(order.slice(0, count)));
}
