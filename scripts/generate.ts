import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const target = join(root, "core/onnx/generated/onnx_pb.ts");

/**
 * The TypeScript for core/onnx/onnx.proto, made by buf and protoc-gen-es from the development dependencies, offline.
 * The generator's own pragma that switches the linter off is dropped: generated files are excluded in the lint config.
 */
export function generateSchema(): string {
  const out = mkdtempSync(join(tmpdir(), "lathe-generate-"));
  try {
    const bin = join(root, "node_modules/.bin");
    const template = {
      version: "v2",
      plugins: [{ local: [process.execPath, join(bin, "protoc-gen-es")], out, opt: ["target=ts"] }],
    };
    const module = { version: "v2", modules: [{ path: "core/onnx" }] };
    const flags = [
      "--template",
      JSON.stringify(template),
      "--config",
      JSON.stringify(module),
      "--path",
      "core/onnx/onnx.proto",
    ];
    execFileSync(process.execPath, [join(bin, "buf"), "generate", ".", ...flags], {
      cwd: root,
      stdio: ["ignore", "ignore", "inherit"],
    });
    const lines = readFileSync(join(out, "onnx_pb.ts"), "utf8").split("\n");
    return lines.filter((line) => line !== "/* eslint-disable */").join("\n");
  } finally {
    rmSync(out, { recursive: true });
  }
}

if (import.meta.main) writeFileSync(target, generateSchema());
