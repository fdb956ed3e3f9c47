import { LatheError, toLatheError, type ErrorCode } from "../base/error.ts";

interface Rule {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly hint: string;
  /** What failed, where the runtime's own words do not say it. */
  readonly what?: string;
}

/** What the runtime's messages mean, first match wins. */
const RULES: readonly Rule[] = [
  {
    pattern: /bad_alloc|Failed to allocate/i,
    code: "device",
    what: "ran out of memory",
    hint: "Take a smaller batch or free some memory.",
  },
  {
    pattern: /protobuf parsing failed|INVALID_PROTOBUF|No graph was found|ModelProto does not have a graph/i,
    code: "invalid-model",
    hint: "The file is damaged or no ONNX model; export it again.",
  },
  { pattern: /File doesn't exist|NO_SUCHFILE/i, code: "not-found", hint: "Check the path." },
  {
    pattern: /not a registered function\/op|No Op registered|NOT_IMPLEMENTED|Could not find an implementation/i,
    code: "not-runnable",
    hint: "Export the model with operators of the standard ONNX domain.",
  },
  {
    pattern: /opset|ir_version|IR version/i,
    code: "not-runnable",
    hint: "Export the model with an opset and IR version that this runtime knows.",
  },
  {
    pattern: /Unsupported data type/i,
    code: "unsupported",
    hint: "Put a Cast in front, so that the input is float32.",
  },
];

/** A failure to load, in our words: what was loaded, and what the runtime said about it. */
export function loadError(
  thrown: unknown,
  { name, provider }: { readonly name: string; readonly provider: string },
): LatheError {
  if (thrown instanceof LatheError) return thrown;
  const said = saying(thrown);
  if (
    /backend not found|no available backend|execution provider.*(not supported|not enabled)|Unsupported execution provider|Failed to get a WebGPU adapter/i.test(
      said,
    )
  ) {
    return new LatheError("device", `The execution provider "${provider}" is not available here: ${said}`, {
      hint: "Run `lathe doctor` to see what this machine has, or use the cpu provider.",
      cause: thrown,
    });
  }
  return explain(thrown, said, `cannot load ${name}`);
}

/** A failure of a run. */
export function runError(thrown: unknown, name: string): LatheError {
  if (thrown instanceof LatheError) return thrown;
  return explain(thrown, saying(thrown), `failed in ${name}`);
}

function explain(thrown: unknown, said: string, failed: string): LatheError {
  const rule = RULES.find((r) => r.pattern.test(said));
  const what = rule?.what === undefined ? failed : `${rule.what} and ${failed}`;
  const hint = rule?.hint ?? "If the model runs in other tools, please report it with the model.";
  return new LatheError(rule?.code ?? "not-runnable", `ONNX Runtime ${what}: ${said}`, { hint, cause: thrown });
}

/** The runtime's sentence without its source positions. */
function saying(thrown: unknown): string {
  const text = toLatheError(thrown).message;
  return text
    .replace(/\/\S+\/(onnxruntime|include)\/\S+:\d+ /g, "")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 500);
}
