import { availableParallelism, homedir, hostname } from "node:os";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { freeBytes } from "../../app/disk.ts";
import { diagnose } from "../../app/doctor.ts";
import { checkName } from "../../app/project.ts";
import { LATHE_VERSION } from "../../app/version.ts";
import { server } from "../base.ts";

const { files, engine: machine } = server;

export const fileProcedures = files.router({
  roots: files.roots.handler(async ({ context: { engine } }) => [...engine.places.roots()]),
  list: files.list.handler(({ input, context: { engine } }) => engine.places.list(input.place)),
  makeFolder: files.makeFolder.handler(async ({ input: { parent, name }, context: { engine } }) => {
    const folder = await engine.places.resolve(parent);
    await engine.host.files.makeFolder(join(folder, checkName(name)));
    return engine.places.list({ root: parent.root, path: parent.path === "" ? name : `${parent.path}/${name}` });
  }),
});

export const machineProcedures = machine.router({
  status: machine.status.handler(async ({ context: { engine } }) => {
    const diskFree = await freeBytes(existing(engine.home));
    return {
      lathe: LATHE_VERSION,
      host: hostname(),
      home: homedir(),
      platform: `${process.platform} ${process.arch}`,
      threads: Math.min(8, availableParallelism()),
      folder: engine.home,
      ...(diskFree !== undefined && { diskFree }),
    };
  }),
  diagnose: machine.diagnose.handler(async ({ context: { engine }, signal }) => {
    const found = await diagnose(engine.home, signal);
    return { ...found, training: [...found.training], advice: [...found.advice] };
  }),
  events: machine.events.handler(async function* ({ context: { engine }, signal }) {
    yield* engine.events.listen(signal);
  }),
});

/** A folder, or the nearest one above it that is there. */
function existing(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : existing(dirname(folder));
}
