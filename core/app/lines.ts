import {
  closeSync,
  existsSync,
  fdatasyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import type { z } from "zod";
import { toLatheError } from "../base/error.ts";

/** A file of records, one JSON text per line, that only grows. */
export interface LineWriter {
  /** Returns when the line is with the system, and so outlives the process; `isDurable`: on the disk. */
  append(record: unknown, isDurable?: boolean): void;
  close(): void;
}

/**
 * Opens a file of lines for adding. What a process that died in the middle of a line has left of it is cut off.
 * @throws disk-full, read-only, io
 */
export function openLines(path: string): LineWriter {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const whole = existsSync(path) ? readFileSync(path).lastIndexOf(0x0a) + 1 : 0;
    const handle = openSync(path, "a");
    ftruncateSync(handle, whole);
    return {
      append: (record, isDurable = false) => {
        try {
          writeSync(handle, `${JSON.stringify(record)}\n`);
          if (isDurable) fdatasyncSync(handle);
        } catch (thrown) {
          throw toLatheError(thrown, `Writing "${path}"`);
        }
      },
      close: () => closeSync(handle),
    };
  } catch (thrown) {
    throw toLatheError(thrown, `Writing "${path}"`);
  }
}

/**
 * The records of a file of lines from the given one on; none where there is no file. A last line that is not complete
 * is not there yet; a line that does not fit the schema is left out.
 */
export function readLines<T>(path: string, schema: z.ZodType<T>, from = 0): readonly T[] {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, "utf8");
  const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
  lines.pop();
  return lines.slice(from).flatMap((line) => {
    const parsed = schema.safeParse(json(line));
    return parsed.success ? [parsed.data] : [];
  });
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
