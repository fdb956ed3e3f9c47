import { nodeHost } from "../../core/app/nodeHost.ts";
import type { Host } from "../../core/base/host.ts";
import { collectAnswers } from "../../core/train/answers.ts";
import { openTeacher } from "../../core/train/teacher.ts";
import { smallNet } from "./models.ts";
import { stripes } from "./pictures.ts";

/** Collects a teacher's answers and stands still in the middle of writing the second view, in a process that is there to be killed. */
const [cache = ""] = process.argv.slice(2);
let files = 0;

const host: Host = {
  ...nodeHost,
  files: {
    ...nodeHost.files,
    create: async (name) => {
      const writer = await nodeHost.files.create(name);
      if (++files < 2) return writer;
      return {
        ...writer,
        write: async (bytes) => {
          await writer.write(bytes.subarray(0, Math.ceil(bytes.byteLength / 2)));
          process.stdout.write("frozen\n");
          await new Promise((resolve) => setTimeout(resolve, 60_000));
        },
      };
    },
  },
};

const signal = new AbortController().signal;
const teacher = await openTeacher(smallNet({ classes: 4 }), { session: { threads: 1 }, host, signal });
await collectAnswers({
  samples: stripes(70),
  augment: { flip: true },
  seed: 1,
  views: 3,
  top: 0,
  batch: 32,
  teacher: () => Promise.resolve(teacher),
  key: "t",
  cache,
  host,
  signal,
  emit: () => undefined,
});
