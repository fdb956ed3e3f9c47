/** What an engine may ask of the machine it runs on. Pure layers get one of these and touch no platform. */
export interface Host {
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
}

/** Random access to one open file. */
export interface OpenFile {
  readonly size: number;
  /** Reads up to `length` bytes at `offset`; fewer only at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Sequential writer. The file exists under its name only after `commit`. */
export interface FileWriter {
  write(bytes: Uint8Array): Promise<void>;
  /** Syncs and renames into place, or to `as` on the same file system where the name depends on the content. */
  commit(as?: string): Promise<void>;
  /** Removes what was written. Does nothing after `commit`. */
  discard(): Promise<void>;
}

export interface FileInfo {
  readonly kind: "file" | "directory" | "link" | "other";
  readonly size: number;
}

/** Paths are absolute or relative to the working directory. Failures are LatheErrors. */
export interface Files {
  open(path: string): Promise<OpenFile>;
  read(path: string): Promise<Uint8Array>;
  create(path: string): Promise<FileWriter>;
  /** Facts about the name itself: a symbolic link is a link. Undefined where there is nothing. */
  info(path: string): Promise<FileInfo | undefined>;
  /** The path with every symbolic link resolved. */
  real(path: string): Promise<string>;
  list(path: string): Promise<readonly string[]>;
  makeFolder(path: string): Promise<void>;
  remove(path: string): Promise<void>;
  join(...parts: string[]): string;
  /** The folder of a path. */
  folder(path: string): string;
  /** The last part of a path. */
  name(path: string): string;
  isAbsolute(path: string): boolean;
}

export interface Clock {
  /** Wall time, ISO 8601 in UTC. */
  now(): string;
  /** Monotonic milliseconds with sub-microsecond resolution. */
  milliseconds(): number;
}

export type LogLevel = "debug" | "info" | "warning" | "error";

export interface Log {
  write(level: LogLevel, message: string, details?: Readonly<Record<string, unknown>>): void;
}
