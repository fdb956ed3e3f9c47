import { LatheError } from "../base/error.ts";

/** The start of a file, as bytes and as Latin-1 text. */
interface Start {
  readonly bytes: Uint8Array;
  readonly text: string;
}

interface Look {
  readonly what: string;
  readonly hint: string;
  readonly matches: (start: Start) => boolean;
}

const CHOOSE = "Choose an .onnx file.";
const EXPORT = "Export the model to ONNX first.";
const TENSORFLOW = "Convert the model with tf2onnx.";
const TORCH = "Export the model with torch.onnx.export.";
const UNPACK = "Unpack it and choose the .onnx file inside.";

const begins =
  (...magic: number[]) =>
  ({ bytes }: Start): boolean =>
    magic.every((byte, i) => bytes[i] === byte);

const isZip = begins(0x50, 0x4b, 3, 4);

/** SavedModel: schema version 1, then a MetaGraphDef that itself begins with a message (an ONNX producer never does). */
function isSavedModel(start: Start): boolean {
  if (!begins(0x08, 1, 0x12)(start)) return false;
  const afterLength = start.bytes.findIndex((byte, i) => i >= 3 && byte < 0x80) + 1;
  return start.bytes[afterLength] === 0x0a;
}

/** What people take for an ONNX file, most specific first. */
const LOOKS: readonly Look[] = [
  { what: "empty", hint: "Download or export it again.", matches: ({ bytes }) => bytes.byteLength === 0 },
  { what: "a PNG image", hint: CHOOSE, matches: begins(0x89, 0x50, 0x4e, 0x47) },
  { what: "a JPEG image", hint: CHOOSE, matches: begins(0xff, 0xd8, 0xff) },
  {
    what: "a PyTorch checkpoint",
    hint: TORCH,
    matches: (s) => isZip(s) && /data\.pkl|\.data\/|\/version/.test(s.text),
  },
  { what: "a PyTorch checkpoint", hint: TORCH, matches: begins(0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc) },
  { what: "a Keras model", hint: TENSORFLOW, matches: (s) => isZip(s) && s.text.includes("metadata.json") },
  { what: "a ZIP archive", hint: UNPACK, matches: isZip },
  { what: "a gzip archive", hint: UNPACK, matches: begins(0x1f, 0x8b) },
  { what: "an HDF5 file, as Keras writes them", hint: TENSORFLOW, matches: begins(0x89, 0x48, 0x44, 0x46) },
  { what: "a TensorFlow Lite model", hint: TENSORFLOW, matches: ({ text }) => text.slice(4, 8) === "TFL3" },
  { what: "a TensorFlow SavedModel", hint: TENSORFLOW, matches: isSavedModel },
  {
    what: "an ORT-format model",
    hint: "Choose the .onnx file that it was made from.",
    matches: ({ text }) => text.slice(4, 8) === "ORTM",
  },
  { what: "a GGUF model", hint: EXPORT, matches: ({ text }) => text.startsWith("GGUF") },
  { what: "a safetensors file", hint: EXPORT, matches: ({ text }) => text.slice(8, 10) === '{"' },
  { what: "a NumPy array", hint: CHOOSE, matches: ({ text }) => text.startsWith("\u0093NUMPY") },
  {
    what: "a Git LFS pointer",
    hint: "Run git lfs pull to fetch the file itself.",
    matches: ({ text }) => text.startsWith("version https://git-lfs"),
  },
  {
    what: "an HTML page",
    hint: "The download failed or needs a login; download the file again.",
    matches: ({ text }) => /^\s*<(!doctype html|html|head|\?xml|!--)/i.test(text),
  },
  { what: "a JSON file", hint: CHOOSE, matches: ({ text }) => /^\s*(\{\s*["}]|\[\s*[[\]{"\d-])/.test(text) },
  { what: "a text file", hint: CHOOSE, matches: ({ text }) => /^[\t\n\r\x20-\x7e]{16,}$/.test(text) },
];

/**
 * Refuses a file that is recognisably something else than ONNX.
 * @throws invalid-model saying what the file looks like.
 */
export function refuseForeignFormat(bytes: Uint8Array, name: string): void {
  const head = bytes.subarray(0, 1024);
  const start = { bytes: head, text: String.fromCharCode(...head) };
  const look = LOOKS.find((l) => l.matches(start));
  if (look === undefined) return;
  throw new LatheError("invalid-model", `"${name}" is not an ONNX model: it is ${look.what}.`, { hint: look.hint });
}
