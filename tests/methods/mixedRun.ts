import { openTrialLog } from "../../core/app/trialLog.ts";
import { hash } from "../../core/base/hash.ts";
import { findMethod } from "../../core/methods/catalogue.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { conv, net, noise, op, weight } from "../transform/fixtures.ts";
import { contextOf, labelledBy } from "./classified.ts";

const chain = net({
  input: ["N", 3, 8, 8],
  opset: 13,
  constants: [weight("w1", [16, 3, 3, 3], 1), weight("w2", [32, 16, 3, 3], 2), weight("w3", [32, 10], 3)],
  nodes: [
    conv(["x", "w1"], "c1"),
    op("Relu", ["c1"], "r1"),
    conv(["r1", "w2"], "c2"),
    op("GlobalAveragePool", ["c2"], "p"),
    op("Flatten", ["p"], "f"),
    op("MatMul", ["f", "w3"], "y"),
  ],
});

/** Mixed precision of a small net with its trials in a file; the hash of the model that comes of it. */
export async function mixedRun(
  path: string,
  tell: (place: number) => void = () => undefined,
): Promise<{ readonly bytes: string; readonly trials: number }> {
  const method = await findMethod("quantize-mixed");
  const samples = await labelledBy(chain, noise([64, 3, 8, 8], 8));
  const trials = openTrialLog(path, (_, place) => tell(place));
  try {
    const params = method.parse({ samples: 64, sensitivitySamples: 32, limit: 0.7 });
    const { model } = await method.run(contextOf(chain, params, { samples, trials }));
    return { bytes: hash(encodeModel(model)), trials: trials.done.length };
  } finally {
    trials.close();
  }
}
