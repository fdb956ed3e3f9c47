import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";

/** Whether the software driver runs here; the binaries are for Linux on x64. */
export const hasSoftwareVulkan: boolean = process.platform === "linux" && process.arch === "x64";

/** Put into the name of a suite that needs the driver, so that a skip says why. */
export const vulkanNote: string = hasSoftwareVulkan ? "" : " (skipped: SwiftShader is at hand for Linux on x64 only)";

const BLOCK = 512;

/**
 * Unpacks SwiftShader and a Vulkan loader into a folder and returns the environment in which a process uses them.
 * Both come with a build of Chromium, so no graphics driver and no system library is needed.
 */
export function unpackSoftwareVulkan(folder: string): Readonly<Record<string, string>> {
  const packed = fileURLToPath(new URL("../bin/swiftshader.tar.br", import.meta.resolve("@sparticuz/chromium")));
  for (const { name, content } of filesInTar(brotliDecompressSync(readFileSync(packed)))) {
    writeFileSync(join(folder, name), content, { mode: 0o755 });
  }
  return { VK_ICD_FILENAMES: join(folder, "vk_swiftshader_icd.json"), LD_LIBRARY_PATH: folder };
}

/** The plain files of an archive in ustar format (POSIX.1-1988): a header block each, then the content in whole blocks. */
function filesInTar(archive: Buffer): readonly { readonly name: string; readonly content: Buffer }[] {
  const files: { name: string; content: Buffer }[] = [];
  const text = (from: number, to: number): string => archive.toString("latin1", from, to).replace(/\0.*/s, "");
  for (let at = 0; at < archive.length && archive[at] !== 0;) {
    const size = Number.parseInt(text(at + 124, at + 136), 8);
    const kind = text(at + 156, at + 157);
    const start = at + BLOCK;
    if (kind === "" || kind === "0")
      files.push({ name: text(at, at + 100), content: archive.subarray(start, start + size) });
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}
