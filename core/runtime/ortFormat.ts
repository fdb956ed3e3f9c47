import { loadError } from "./failures.ts";
import { InferenceSession } from "./ort.ts";
import { settingsOf } from "./session.ts";

/**
 * Has ONNX Runtime write a model in its own format (https://onnxruntime.ai/docs/performance/model-optimizations/ort-format-models.html),
 * with the rewrites that hold on every processor. External data end up inside.
 * @throws invalid-model, not-runnable as opening a session does
 */
export async function writeOrtFormat(from: string, to: string): Promise<void> {
  const settings = settingsOf({ optimization: "extended", optimizedModelPath: to });
  const { session, ...extra } = settings.extra as { readonly session: Readonly<Record<string, string>> };
  try {
    const opened = await InferenceSession.create(from, {
      ...settings,
      extra: { ...extra, session: { ...session, save_model_format: "ORT" } },
    });
    await opened.release();
  } catch (thrown) {
    throw loadError(thrown, { name: `"${from}"`, provider: "cpu" });
  }
}
