import { mixedRun } from "./mixedRun.ts";

/** Runs mixed precision in a process that is there to be killed, and says so after each trial. Argument: the trials' file. */
const { bytes } = await mixedRun(process.argv[2] ?? "", (place) => process.stdout.write(`trial ${place}\n`));
process.stdout.write(`done ${bytes}\n`);
