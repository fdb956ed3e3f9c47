import { InferenceSession, Tensor } from "./ort.ts";
import { BLOCK_MODEL } from "./tinyModel.ts";

const CHANNELS = 16;

/**
 * Channels that stand together in the blocked layout of the runtime's convolutions (domain com.microsoft.nchwc) on
 * this processor, found by bringing numbers into it; undefined where the runtime has no such kernels.
 */
export async function findBlock(): Promise<number | undefined> {
  const session = await InferenceSession.create(BLOCK_MODEL, { intraOpNumThreads: 1, logSeverityLevel: 4 }).catch(
    () => undefined,
  );
  if (session === undefined) return undefined;
  try {
    // Two pixels for each channel, numbered: the first pixels of a block are 0, 2, 4, …
    const x = new Tensor(
      "float32",
      Float32Array.from({ length: 2 * CHANNELS }, (_, i) => i),
      [1, CHANNELS, 1, 2],
    );
    const { y } = await session.run({ x });
    if (!(y?.data instanceof Float32Array)) return undefined;
    const end = y.data.findIndex((value, i) => value !== 2 * i);
    return end > 1 ? end : undefined;
  } finally {
    await session.release();
  }
}
