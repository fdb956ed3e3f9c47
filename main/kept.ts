import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { app } from "electron";

/** A small text that the next start finds again, in a file of the person's own. */
export interface Kept {
  /** Undefined where nothing was kept. */
  read(): string | undefined;
  /** Keeps a text; where that cannot be, the next start finds what was there before. */
  write(text: string): void;
}

export function keptAs(name: string): Kept {
  const file = (): string => join(app.getPath("userData"), name);
  return {
    read: () => {
      try {
        return readFileSync(file(), "utf8");
      } catch {
        return undefined;
      }
    },
    write: (text) => {
      try {
        writeFileSync(file(), text);
      } catch {
        // A convenience is no reason to fail.
      }
    },
  };
}
