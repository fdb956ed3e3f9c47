import { join } from "node:path";
import { z } from "zod";
import type { Host } from "../base/host.ts";
import { recentProject, type RecentProject } from "../contract/views.ts";

const stored = z.array(recentProject.omit({ isMissing: true }));
type Stored = z.infer<typeof stored>;

/** Projects that were open before, newest first, pinned ones first of all. Kept in a file of the user's own. */
export interface Recents {
  list(): Promise<readonly RecentProject[]>;
  find(id: string): Promise<RecentProject | undefined>;
  /** Adds one, or moves it to the front. */
  add(recent: Pick<RecentProject, "id" | "name" | "folder">): Promise<void>;
  put(recent: RecentProject): Promise<void>;
  pin(id: string, isPinned: boolean): Promise<void>;
  forget(id: string): Promise<void>;
}

const MOST = 50;

/** @param folder of the user's settings; made where it is missing */
export function openRecents(folder: string, host: Host): Recents {
  const { files, clock } = host;
  const file = join(folder, "recent.json");
  // Changes wait for each other, so that none is lost.
  let last: Promise<unknown> = Promise.resolve();

  const read = async (): Promise<Stored> => {
    if ((await files.info(file)) === undefined) return [];
    const parsed = stored.safeParse(parseJson(new TextDecoder().decode(await files.read(file))));
    if (parsed.success) return parsed.data;
    host.log.write("warning", `"${file}" is not a list of projects and will be replaced.`);
    return [];
  };
  const change = (edit: (all: Stored) => Stored): Promise<void> => {
    const changed = last.then(async () => {
      const all = edit(await read()).toSorted(
        (a, b) => Number(b.isPinned) - Number(a.isPinned) || (a.at < b.at ? 1 : -1),
      );
      await files.makeFolder(folder);
      const writer = await files.create(file);
      try {
        await writer.write(new TextEncoder().encode(`${JSON.stringify(all.slice(0, MOST), undefined, 2)}\n`));
        await writer.commit();
      } finally {
        await writer.discard();
      }
    });
    last = changed.catch(() => undefined);
    return changed;
  };
  const isMissing = async (path: string): Promise<boolean> =>
    (await files.info(join(path, "project.sqlite")).catch(() => undefined)) === undefined;
  const list = async (): Promise<RecentProject[]> => {
    await last;
    const all = await read();
    return Promise.all(all.map(async (r) => ({ ...r, isMissing: await isMissing(r.folder) })));
  };

  return {
    list,
    find: async (id) => (await list()).find((r) => r.id === id),
    add: (recent) =>
      change((all) => {
        const known = all.find((r) => r.id === recent.id);
        const added = { ...recent, at: clock.now(), isPinned: known?.isPinned ?? false };
        return [added, ...all.filter((r) => r.id !== recent.id)];
      }),
    put: ({ isMissing: _, ...recent }) => change((all) => [recent, ...all.filter((r) => r.id !== recent.id)]),
    pin: (id, isPinned) => change((all) => all.map((r) => (r.id === id ? { ...r, isPinned } : r))),
    forget: (id) => change((all) => all.filter((r) => r.id !== id)),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
