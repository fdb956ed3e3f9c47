import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { LatheError } from "../../core/base/error.ts";
import type { Host } from "../../core/base/host.ts";
import type { Variant } from "../../core/contract/project.ts";

/** A folder that goes away when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "lathe-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const settings = { name: "sample", task: "classification", baseline: null } as const;

export function someVariant(id: string, name = id): Variant {
  return {
    id,
    name,
    at: "2026-01-02T03:04:05.000Z",
    parent: null,
    recipe: null,
    model: { sha256: "ab".repeat(32), bytes: 10 },
    external: {},
    measurements: null,
    findings: null,
    warnings: [],
    engine: { lathe: "0.1.0", runtime: "1.30.0", platform: "linux-x64" },
  };
}

/** A host whose disk is full once `room` bytes have been written. */
export function smallDisk(room: number): Host {
  let left = room;
  return {
    ...nodeHost,
    files: {
      ...nodeHost.files,
      create: async (path) => {
        const writer = await nodeHost.files.create(path);
        return {
          ...writer,
          write: async (bytes) => {
            if (bytes.byteLength > left)
              throw new LatheError("disk-full", `Writing "${path}": ENOSPC: no space left on device, write`);
            left -= bytes.byteLength;
            await writer.write(bytes);
          },
        };
      },
    },
  };
}
