import { nodeHost } from "../../core/app/nodeHost.ts";
import type { Host } from "../../core/base/host.ts";
import { run } from "./run.ts";
import { TRAININGS } from "./trainings.ts";

/**
 * Trains the small net with a checkpoint after every batch, and says so after each, in a process that is there to be
 * killed. Arguments: path of the checkpoint; number of the checkpoint in the middle of which to stand still, or 0; the name
 * of the training, by default the plain one.
 */
const [path = "", frozen = "0", name = "plain"] = process.argv.slice(2);
let writes = 0;

const host: Host = {
  ...nodeHost,
  files: {
    ...nodeHost.files,
    create: async (name) => {
      const writer = await nodeHost.files.create(name);
      const isFrozen = ++writes === Number(frozen);
      return {
        ...writer,
        write: async (bytes) => {
          await writer.write(bytes.subarray(0, Math.ceil(bytes.byteLength / 2)));
          if (isFrozen) {
            process.stdout.write("frozen\n");
            await new Promise((resolve) => setTimeout(resolve, 60_000));
          }
          await writer.write(bytes.subarray(Math.ceil(bytes.byteLength / 2)));
        },
        commit: async (as) => {
          await writer.commit(as);
          process.stdout.write(`saved ${writes}\n`);
        },
      };
    },
  },
};

const { plan, options } = TRAININGS[name as keyof typeof TRAININGS];
const { bytes } = await run(plan, { ...options, host, saving: { path, key: "k", batches: 1 } });
process.stdout.write(`done ${bytes}\n`);
