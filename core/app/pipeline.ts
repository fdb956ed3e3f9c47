import { LatheError } from "../base/error.ts";
import { pipeline as pipelineSchema, type Pipeline } from "../contract/pipeline.ts";

/** A pipeline from the text of its file. @throws invalid-recipe naming what is wrong */
export function parsePipeline(text: string, file: string): Pipeline {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    throw new LatheError("invalid-recipe", `"${file}" is not JSON.`, { cause, hint: "A pipeline is a JSON object." });
  }
  const parsed = pipelineSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined ? "" : `${issue.path.join(".") || "pipeline"}: ${issue.message}`;
  throw new LatheError("invalid-recipe", `"${file}" is not a pipeline: "${where}".`, {
    hint: 'A pipeline is { "lathe": 1, "steps": [{ "method": …, "params": { … } }, …] }.',
  });
}
