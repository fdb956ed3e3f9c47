import { randomBytes } from "node:crypto";
import { opendir, realpath, stat } from "node:fs/promises";
import { basename, isAbsolute, join, relative, resolve, sep } from "node:path";
import { LatheError, toLatheError } from "../base/error.ts";
import type { FolderView, Place, PlaceEntry, PlaceUse } from "../contract/place.ts";

/** What pages may name. Roots are folders that a host has chosen; grants are single choices of a person. */
export interface Places {
  /** Lets pages name a path, and all below it where it is a folder. */
  grant(path: string): Place;
  roots(): readonly { readonly place: Place; readonly label: string }[];
  /**
   * The path of a place, with every symbolic link resolved.
   * @throws not-found for a root that was not granted; invalid-argument for what lies outside of it
   */
  resolve(place: Place): Promise<string>;
  list(place: Place): Promise<FolderView>;
}

/** Names in a folder that are listed; the rest is counted. */
const MOST_ENTRIES = 2000;

/** @param folders roots of the file browser, by the name that people read */
export function openPlaces(folders: Readonly<Record<string, string>>): Places {
  const roots = new Map<string, { readonly path: string; readonly label: string | undefined }>();
  Object.entries(folders).forEach(([label, path], i) => roots.set(`root-${i}`, { path: resolve(path), label }));

  const resolvePlace = async ({ root, path }: Place): Promise<string> => {
    const granted = roots.get(root);
    if (granted === undefined) {
      throw new LatheError("not-found", `There is no folder "${root}" here any more.`, { hint: "Choose it again." });
    }
    if (path.includes("\0") || path.includes("\\") || isAbsolute(path)) throw outside(path);
    const named = resolve(granted.path, path);
    try {
      const [base, real] = await Promise.all([realpath(granted.path), realpath(named)]);
      if (!isWithin(base, real)) throw outside(path);
      return real;
    } catch (thrown) {
      throw toLatheError(thrown, `Opening "${named}"`);
    }
  };

  return {
    grant: (path) => {
      const root = `grant-${randomBytes(9).toString("base64url")}`;
      roots.set(root, { path: resolve(path), label: undefined });
      return { root, path: "" };
    },
    roots: () =>
      [...roots].flatMap(([root, { label }]) => (label === undefined ? [] : [{ place: { root, path: "" }, label }])),
    resolve: resolvePlace,
    list: async (place) => {
      const folder = await resolvePlace(place);
      const { entries, more } = await readFolder(folder, place);
      const above = place.path.split("/").slice(0, -1).join("/");
      return {
        place,
        label: folder,
        ...(place.path !== "" && { parent: { root: place.root, path: above } }),
        entries,
        more,
      };
    },
  };
}

function outside(path: string): LatheError {
  return new LatheError("invalid-argument", `"${path}" lies outside of the folders that Lathe may use.`, {
    hint: "Start the server with --root DIR to add a folder.",
  });
}

function isWithin(folder: string, path: string): boolean {
  const below = relative(folder, path);
  return below === "" || (below !== ".." && !below.startsWith(`..${sep}`) && !isAbsolute(below));
}

async function readFolder(folder: string, place: Place): Promise<{ entries: PlaceEntry[]; more: number }> {
  const names: { readonly name: string; readonly isFolder: boolean }[] = [];
  try {
    for await (const entry of await opendir(folder)) {
      if (entry.name.startsWith(".")) continue;
      const isFolder = entry.isDirectory() || (entry.isSymbolicLink() && (await isDirectory(join(folder, entry.name))));
      names.push({ name: entry.name, isFolder });
    }
  } catch (thrown) {
    throw toLatheError(thrown, `Opening "${folder}"`);
  }
  names.sort((a, b) => Number(b.isFolder) - Number(a.isFolder) || a.name.localeCompare(b.name, "en"));
  const shown = names.slice(0, MOST_ENTRIES);
  const entries = await Promise.all(
    shown.map(async ({ name, isFolder }): Promise<PlaceEntry> => {
      const path = place.path === "" ? name : `${place.path}/${name}`;
      const full = join(folder, name);
      return {
        place: { root: place.root, path },
        name,
        isFolder,
        size: isFolder ? 0 : await sizeOf(full),
        use: isFolder ? await useOfFolder(full) : useOfFile(name),
      };
    }),
  );
  return { entries, more: names.length - shown.length };
}

/** What a file can be brought in as, by its name. */
export function useOfFile(name: string): PlaceUse {
  if (/\.onnx$/i.test(name)) return "model";
  return /\.(npy|npz|csv|tsv|bin)$|idx\d/i.test(basename(name)) ? "data" : "other";
}

async function useOfFolder(folder: string): Promise<PlaceUse> {
  const isProject = await stat(join(folder, "project.sqlite")).then(
    (found) => found.isFile(),
    () => false,
  );
  return isProject ? "project" : "folder";
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    (found) => found.size,
    () => 0,
  );
}
