import { browseData, type DataBrowser } from "../app/dataBrowser.ts";
import { findData, type Project } from "../app/project.ts";
import { LatheError } from "../base/error.ts";
import { canonicalJson } from "../base/json.ts";
import type { Json } from "../base/json.ts";
import type { ProjectData } from "../contract/project.ts";
import type { OpenProjects } from "./openProjects.ts";

/** The data sets that pages look at, kept open between their questions. */
export interface Reading {
  /**
   * Uses a data set of a project; opens it where it is not open.
   * @throws not-found where the project has none of that name or its files are gone; integrity where they have changed
   */
  use<T>(where: DataName, work: (browser: DataBrowser, project: Project) => Promise<T>): Promise<T>;
  closeProject(project: string): Promise<void>;
  close(): Promise<void>;
}

export interface DataName {
  readonly project: string;
  readonly data: string;
}

/** Data sets that stay open; each may hold its samples in memory. */
const MOST_OPEN = 2;

interface Kept {
  readonly project: string;
  readonly opening: Promise<DataBrowser>;
  uses: number;
  isLeft: boolean;
}

export function openReading(projects: OpenProjects): Reading {
  const kept = new Map<string, Kept>();

  const leave = (key: string): Promise<void> => {
    const entry = kept.get(key);
    kept.delete(key);
    if (entry === undefined) return Promise.resolve();
    entry.isLeft = true;
    return entry.uses > 0 ? Promise.resolve() : shut(entry);
  };
  const open = async (id: string, project: Project, stored: ProjectData): Promise<Kept> => {
    // Another record of the same data, as after calibration was chosen, is another data set to look at.
    const key = `${id} ${canonicalJson(JSON.parse(JSON.stringify(stored)) as Json)}`;
    let entry = kept.get(key);
    if (entry !== undefined && !(await isThere(project, stored))) {
      await leave(key);
      entry = undefined;
    }
    if (entry === undefined) {
      const work = { signal: new AbortController().signal, emit: () => undefined };
      entry = { project: id, opening: browseData(project, stored, work), uses: 0, isLeft: false };
      const added = entry;
      entry.opening.catch(() => kept.get(key) === added && kept.delete(key));
    }
    kept.delete(key);
    kept.set(key, entry);
    for (const old of [...kept.keys()].slice(0, -MOST_OPEN)) void leave(old);
    return entry;
  };

  return {
    use: async ({ project: id, data }, work) => {
      const project = await projects.get(id);
      const stored = findData(project, data);
      if (stored === undefined) throw new LatheError("not-found", "This project has no data yet.");
      const entry = await open(id, project, stored);
      entry.uses += 1;
      try {
        return await work(await entry.opening, project);
      } finally {
        entry.uses -= 1;
        if (entry.isLeft && entry.uses === 0) await shut(entry);
      }
    },
    closeProject: async (id) => {
      for (const [key, entry] of [...kept]) if (entry.project === id) await leave(key);
    },
    close: async () => {
      for (const key of [...kept.keys()]) await leave(key);
    },
  };
}

async function shut({ opening }: Kept): Promise<void> {
  await opening.then((browser) => browser.close()).catch(() => undefined);
}

/** Samples held in memory would outlive their files unnoticed. */
async function isThere({ host }: Project, { info }: ProjectData): Promise<boolean> {
  return (await host.files.info(info.path)) !== undefined;
}
