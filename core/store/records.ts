import type { z } from "zod";

/** How a table of a project reaches the database: errors in the project's words, records checked, writing only where allowed. */
export interface RecordDoor {
  read<T>(work: () => T): T;
  /** @throws read-only */
  write(work: () => void): void;
  /** A record from its text. @throws invalid-project naming `where` */
  parse<T>(schema: z.ZodType<T>, text: string, where: string): T;
}
