import { pruneRun } from "./pruneRun.ts";

/** Prunes in a process that is there to be killed, and says each stage. Argument: the work folder. */
const bytes = await pruneRun(process.argv[2] ?? "", (stage) => process.stdout.write(`${stage}\n`));
process.stdout.write(`done ${bytes}\n`);
