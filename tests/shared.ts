import { existsSync } from "node:fs";
import { resolve } from "node:path";

const folder = resolve(import.meta.dirname, "..", process.env["LATHE_SHARED"] ?? "../shared", "data");

/** The folder with public data sets and models for the larger tests, or undefined where it is absent. */
export const sharedData: string | undefined = existsSync(folder) ? folder : undefined;

/** Put into the name of a suite that needs the shared data, so that a skip says why. */
export const sharedNote = sharedData === undefined ? " (skipped: no shared data; set LATHE_SHARED)" : "";
