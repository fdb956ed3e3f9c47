/** Stable, machine-readable kinds of failure. A code never changes its meaning. */
export type ErrorCode =
  | "cancelled"
  | "invalid-argument"
  | "invalid-model"
  | "invalid-data"
  | "invalid-project"
  | "invalid-recipe"
  | "limit-exceeded"
  | "not-found"
  | "already-exists"
  | "unsupported"
  | "not-runnable"
  | "numeric"
  | "device"
  | "disk-full"
  | "read-only"
  | "locked"
  | "newer-version"
  | "integrity"
  | "io"
  | "internal";

export interface ErrorParts {
  /** Facts for programs: file, node, value. Plain JSON. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** What the user can do about it, as one sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * The one error class of Lathe. The message says what and where, with the actual value in quotes;
 * the hint says what to do.
 */
export class LatheError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, parts: ErrorParts = {}) {
    super(message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.name = "LatheError";
    this.code = code;
    this.details = parts.details ?? {};
    this.hint = parts.hint;
  }
}

/** Converts anything thrown into a LatheError; file-system codes keep their meaning. */
export function toLatheError(thrown: unknown, doing?: string): LatheError {
  if (thrown instanceof LatheError) return thrown;
  const prefix = doing === undefined ? "" : `${doing}: `;
  if (!(thrown instanceof Error)) return new LatheError("internal", prefix + String(thrown));
  if (thrown.name === "AbortError") return new LatheError("cancelled", "Cancelled.", { cause: thrown });
  const system = "code" in thrown && typeof thrown.code === "string" ? thrown.code : "";
  const known = SYSTEM_CODES[system];
  if (known !== undefined)
    return new LatheError(known.code, prefix + thrown.message, { hint: known.hint, cause: thrown });
  return new LatheError("internal", prefix + thrown.message, { cause: thrown });
}

const SYSTEM_CODES: Readonly<Record<string, { code: ErrorCode; hint: string }>> = {
  ENOENT: { code: "not-found", hint: "Check the path." },
  ENOTDIR: { code: "not-found", hint: "Check the path; a part of it is a file, not a folder." },
  EISDIR: { code: "invalid-argument", hint: "Name a file; this is a folder." },
  ENAMETOOLONG: { code: "invalid-argument", hint: "Choose a shorter name." },
  ELOOP: { code: "invalid-argument", hint: "The symbolic links of this path lead in a circle." },
  EIO: { code: "io", hint: "Check the disk, then try again." },
  EBUSY: { code: "io", hint: "Another program uses the file; close it and try again." },
  EMFILE: { code: "io", hint: "Too many files are open; close other programs and try again." },
  EFBIG: { code: "io", hint: "The file system does not take files of this size; choose another disk." },
  EEXIST: { code: "already-exists", hint: "Choose another name." },
  ENOSPC: { code: "disk-full", hint: "Free some disk space and run the command again." },
  EDQUOT: { code: "disk-full", hint: "Your disk quota is used up; free some space and run the command again." },
  EROFS: { code: "read-only", hint: "The file system is mounted read-only; choose a folder that can be written." },
  EACCES: { code: "read-only", hint: "Change the permissions or choose another folder." },
  EPERM: { code: "read-only", hint: "Change the permissions or choose another folder." },
};
