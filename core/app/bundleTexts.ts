import type { Preprocessing } from "../contract/preprocessing.ts";
import { escapeMarkdown } from "../report/escape.ts";

/** An input or output, the file with its parity vectors, and its type as "float32[N,3,32,32]". */
export interface BundleEdge {
  readonly name: string;
  readonly file: string;
  readonly type: string;
}

/** What the example programs and the read-me of a bundle have to know. */
export interface BundleFacts {
  readonly name: string;
  /** File that a runtime opens. */
  readonly model: string;
  /** "ONNX, operator set 17" */
  readonly format: string;
  /** What the export changed, in sentences. */
  readonly changes: readonly string[];
  readonly inputs: readonly BundleEdge[];
  readonly outputs: readonly BundleEdge[];
  readonly preprocessing: Preprocessing | undefined;
  readonly files: readonly string[];
}

/** A program for Node that runs the model on the parity vectors and compares. */
export function runnerForNode({ model, inputs, outputs }: BundleFacts): string {
  return `// Runs the model on the samples in parity/ and compares with what the model gave when it was exported.
//   npm install onnxruntime-node && node run.mjs
import { readFileSync } from "node:fs";
import { InferenceSession, Tensor } from "onnxruntime-node";

const TYPES = {
  "|b1": ["bool", Uint8Array], "|u1": ["uint8", Uint8Array], "|i1": ["int8", Int8Array],
  "<u2": ["uint16", Uint16Array], "<i2": ["int16", Int16Array], "<u4": ["uint32", Uint32Array], "<i4": ["int32", Int32Array],
  "<u8": ["uint64", BigUint64Array], "<i8": ["int64", BigInt64Array],
  "<f2": ["float16", Uint16Array], "<f4": ["float32", Float32Array], "<f8": ["float64", Float64Array],
};

function readNpy(name) {
  const file = readFileSync(new URL(name, import.meta.url));
  const start = 10 + file.readUInt16LE(8);
  const header = file.toString("latin1", 10, start);
  const [type, View] = TYPES[/'descr': '([^']+)'/.exec(header)[1]];
  const dims = /'shape': \\(([^)]*)\\)/.exec(header)[1].split(",").filter((d) => d.trim() !== "").map(Number);
  const bytes = new Uint8Array(file.subarray(start));
  return { type, dims, data: new View(bytes.buffer, 0, bytes.byteLength / View.BYTES_PER_ELEMENT) };
}

const model = new URL(${JSON.stringify(encodeURIComponent(model))}, import.meta.url);
const session = await InferenceSession.create(decodeURIComponent(model.pathname.replace(/^\\/(?=[A-Za-z]:)/, "")));
const feeds = {};
for (const [name, file] of ${JSON.stringify(inputs.map((i) => [i.name, i.file]))}) {
  const { type, data, dims } = readNpy(file);
  feeds[name] = new Tensor(type, data, dims);
}
const results = await session.run(feeds);
let worst = 0;
for (const [name, file] of ${JSON.stringify(outputs.map((o) => [o.name, o.file]))}) {
  const expected = readNpy(file);
  const found = results[name].data;
  for (let i = 0; i < expected.data.length; i++) worst = Math.max(worst, Math.abs(Number(found[i]) - Number(expected.data[i])));
  console.log(\`\${name}: [\${results[name].dims.join(", ")}]\`);
}
console.log(\`largest difference: \${worst}\`);
`;
}

/** The same for Python. */
export function runnerForPython({ model, inputs, outputs }: BundleFacts): string {
  const edges = (all: readonly BundleEdge[]): string =>
    JSON.stringify(JSON.stringify(all.map(({ name, file }) => ({ name, file }))));
  return `# Runs the model on the samples in parity/ and compares with what the model gave when it was exported.
#   pip install onnxruntime numpy && python run.py
import json
import os

import numpy
import onnxruntime

here = os.path.dirname(os.path.abspath(__file__))
inputs = json.loads(${edges(inputs)})
outputs = json.loads(${edges(outputs)})

session = onnxruntime.InferenceSession(os.path.join(here, ${JSON.stringify(model)}), providers=["CPUExecutionProvider"])
feeds = {i["name"]: numpy.load(os.path.join(here, i["file"])) for i in inputs}
results = session.run([o["name"] for o in outputs], feeds)
for output, found in zip(outputs, results):
    expected = numpy.load(os.path.join(here, output["file"]))
    worst = numpy.abs(found.astype("float64") - expected.astype("float64")).max()
    print(output["name"], list(found.shape), "largest difference:", worst)
`;
}

export function bundleReadme({ name, preprocessing, files, ...facts }: BundleFacts): string {
  const steps =
    preprocessing === undefined
      ? "The project had no data set, so nothing is known about preparing inputs."
      : describePreprocessing(preprocessing);
  return `# ${escapeMarkdown(name)}

A model with all that is needed to run it and to check that it runs right.

${files.map((f) => `- ${code(f)}: ${f === facts.model ? "the model" : (WHAT[f] ?? "data of the model")}`).join("\n")}

## The model

${facts.format}.${facts.changes.length === 0 ? " The file is the project's own, byte for byte." : ""}

| | Name | Type |
| --- | --- | --- |
${[...facts.inputs.map((e) => row("input", e)), ...facts.outputs.map((e) => row("output", e))].join("\n")}
${facts.changes.length === 0 ? "" : `\nOn its way out of the project:\n\n${facts.changes.map((c) => `- ${escapeMarkdown(c)}`).join("\n")}\n`}
## Preparing inputs

${steps}

## Running it

\`\`\`
npm install onnxruntime-node && node run.mjs
pip install onnxruntime numpy && python run.py
\`\`\`

Both run the samples in \`parity/\` and print the largest difference from the outputs at export. On the same kind of
processor it is 0; elsewhere a small one is normal, as processors add in different orders.
`;
}

const code = (text: string): string => {
  const fence = text.includes("`") ? "``" : "`";
  return fence.length === 1 ? `${fence}${text}${fence}` : `${fence} ${text} ${fence}`;
};

const row = (kind: string, { name, type }: BundleEdge): string =>
  `| ${kind} | ${code(name).replaceAll("|", "\\|")} | ${code(type).replaceAll("|", "\\|")} |`;

const WHAT: Readonly<Record<string, string>> = {
  "preprocessing.json": "how a sample becomes the model's input",
  "card.json": "where the model comes from: recipes, hashes, versions, metrics, classes",
  "parity/": "prepared inputs and the outputs that belong to them",
  "run.mjs": "a minimal program for Node",
  "run.py": "a minimal program for Python",
  "verification.json": "what reloading this bundle and measuring again gave",
};

function describePreprocessing(p: Preprocessing): string {
  const list = (values: readonly number[]): string => (values.length === 0 ? "none" : values.join(", "));
  if (p.kind === "array") {
    return `One sample has the shape ${JSON.stringify(p.shape)} and the type ${p.type}: value × ${p.scale}, minus ${list(p.mean)}, divided by ${list(p.std)}.`;
  }
  const resize = {
    none: "the image must have the size already",
    stretch: "stretched to it",
    "shorter-side": `the shorter side becomes ${p.resizeTo ?? Math.min(p.width, p.height)}, then the centre is cut out`,
    letterbox: "fitted into it with a border",
  }[p.resize];
  return `1. Decode to ${p.channels === "grey" ? "one grey channel" : p.channels.toUpperCase()}, 8 bits, orientation applied.
2. Size ${p.height} × ${p.width} (height × width): ${resize}${p.resize === "none" ? "" : `, ${p.interpolation}`}.
3. Each level × ${p.scale}, minus the mean (${list(p.mean)}), divided by the deviation (${list(p.std)}), channel by channel.
4. Layout ${p.layout.toUpperCase()}, type ${p.type}, with a batch axis in front.`;
}
