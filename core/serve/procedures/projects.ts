import { join } from "node:path";
import { checkName } from "../../app/project.ts";
import { emptyCache, measureStorage } from "../../app/storage.ts";
import { LatheError } from "../../base/error.ts";
import { server, working } from "../base.ts";
import type { Engine } from "../engine.ts";
import { openSample } from "../sample.ts";

const { projects } = server;

/** The folder of a project that was open before. */
async function folderOf({ recents }: Engine, id: string): Promise<string> {
  const found = await recents.find(id);
  if (found !== undefined && !found.isMissing) return found.folder;
  throw new LatheError("not-found", `There is no project "${id}".`, { hint: "Open its folder from the home page." });
}

export const projectProcedures = projects.router({
  recent: projects.recent.handler(async ({ context: { engine } }) => [...(await engine.recents.list())]),
  create: projects.create.handler(async ({ input, context: { engine } }) => {
    const parent = await engine.places.resolve(input.parent);
    return engine.projects.create(join(parent, checkName(input.name)), input.name);
  }),
  open: projects.open.handler(async ({ input, context: { engine } }) =>
    engine.projects.open(await engine.places.resolve(input.place)),
  ),
  reopen: projects.reopen.handler(({ input, context: { engine } }) => engine.projects.view(input.id)),
  sample: projects.sample.handler(async function* ({ context: { engine }, signal }) {
    return yield* working(engine, signal, (emit, stop) => openSample(engine, { emit, signal: stop }));
  }),
  close: projects.close.handler(async ({ input, context: { engine } }) => {
    await engine.jobs.closeQueue(input.project);
    await engine.reading.closeProject(input.project);
    engine.projects.close(input.project);
    return {};
  }),
  pin: projects.pin.handler(async ({ input, context: { engine } }) => {
    await engine.recents.pin(input.id, input.isPinned);
    return {};
  }),
  forget: projects.forget.handler(async ({ input, context: { engine } }) => {
    await engine.recents.forget(input.id);
    return {};
  }),
  storage: projects.storage.handler(async ({ input, context: { engine } }) => {
    const folder = await folderOf(engine, input.id);
    return { folder, ...(await measureStorage(folder)) };
  }),
  emptyCache: projects.emptyCache.handler(async ({ input, context: { engine } }) => ({
    freed: await emptyCache(await folderOf(engine, input.id)),
  })),
  remember: projects.remember.handler(async ({ input, context: { engine } }) => {
    await engine.recents.put(input.recent);
    return {};
  }),
});
