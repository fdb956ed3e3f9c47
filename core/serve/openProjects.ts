import { realpath } from "node:fs/promises";
import { hash } from "../base/hash.ts";
import { LatheError, toLatheError } from "../base/error.ts";
import type { Host } from "../base/host.ts";
import { createProject, openProject, type Project } from "../app/project.ts";
import type { ProjectView } from "../contract/views.ts";
import type { Recents } from "./recents.ts";

/** The projects that this engine has open. A project's id follows from its folder, so that links to it last. */
export interface OpenProjects {
  create(folder: string, name: string): Promise<ProjectView>;
  open(folder: string): Promise<ProjectView>;
  /** An open project, or one that was open before and is opened again. @throws not-found */
  get(id: string): Promise<Project>;
  view(id: string): Promise<ProjectView>;
  close(id: string): void;
  closeAll(): void;
}

export function trackProjects(recents: Recents, host: Host): OpenProjects {
  const open = new Map<string, Promise<Project>>();

  const keep = async (opening: Promise<Project>): Promise<ProjectView> => {
    const project = await opening;
    const { folder, settings, canWrite } = project.store;
    const id = idOf(folder);
    open.set(id, Promise.resolve(project));
    await recents.add({ id, name: settings.name, folder });
    return { id, folder, settings, canWrite };
  };
  const reopen = async (id: string): Promise<Project> => {
    const recent = await recents.find(id);
    if (recent === undefined) {
      throw new LatheError("not-found", `There is no project "${id}".`, {
        hint: "Open its folder from the home page.",
      });
    }
    return openEitherWay(recent.folder, host);
  };
  const get = (id: string): Promise<Project> => {
    const known = open.get(id);
    if (known !== undefined) return known;
    const opening = reopen(id);
    open.set(id, opening);
    opening.catch(() => open.delete(id));
    return opening;
  };
  const openFolder = async (folder: string): Promise<ProjectView> => {
    const real = await realpath(folder).catch((thrown: unknown) => {
      throw toLatheError(thrown, `Opening "${folder}"`);
    });
    const known = open.get(idOf(real));
    return keep(known ?? openEitherWay(real, host));
  };

  return {
    create: (folder, name) =>
      keep(
        createProject(folder, { name }, host).then(async (made) => {
          const real = await realpath(folder);
          if (real === made.store.folder) return made;
          made.store.close();
          return openProject(real, "write", host);
        }),
      ),
    open: openFolder,
    get,
    view: async (id) => {
      const { store } = await get(id);
      await recents.add({ id, name: store.settings.name, folder: store.folder });
      return { id, folder: store.folder, settings: store.settings, canWrite: store.canWrite };
    },
    close: (id) => {
      const project = open.get(id);
      open.delete(id);
      void project?.then(({ store }) => store.close()).catch(() => undefined);
    },
    closeAll: () => {
      for (const project of open.values()) void project.then(({ store }) => store.close()).catch(() => undefined);
      open.clear();
    },
  };
}

/** A project that cannot be written now can still be read. */
async function openEitherWay(folder: string, host: Host): Promise<Project> {
  try {
    return await openProject(folder, "write", host);
  } catch (thrown) {
    const { code } = toLatheError(thrown);
    if (code !== "locked" && code !== "read-only") throw thrown;
    return openProject(folder, "read", host);
  }
}

export function idOf(folder: string): string {
  return hash(folder).slice(0, 16);
}
