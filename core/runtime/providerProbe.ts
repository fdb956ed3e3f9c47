import type { ProviderName } from "../contract/device.ts";
import { answer } from "./child.ts";
import { InferenceSession, Tensor } from "./ort.ts";
import { TINY_MODEL } from "./tinyModel.ts";

/** Process of its own that makes a session on one provider and runs it: a broken driver crashes this one only. */
answer(async (provider: ProviderName): Promise<string> => {
  try {
    const session = await InferenceSession.create(TINY_MODEL, { executionProviders: [provider], logSeverityLevel: 4 });
    await session.run({ x: new Tensor("float32", Float32Array.of(-1, 1), [2]) });
    return "";
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
});
