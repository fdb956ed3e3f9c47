import { z } from "zod";

/**
 * A file or folder as a page may name it: a root that the host has granted, and a path below it with "/" between its
 * parts. The page never names a path of the machine.
 */
export const place = z.strictObject({ root: z.string().max(100), path: z.string().max(4096) });
export type Place = z.infer<typeof place>;

/** What a file or folder can be brought in as, as far as its name tells. */
export const placeUse = z.enum(["model", "data", "project", "folder", "other"]);
export type PlaceUse = z.infer<typeof placeUse>;

export const placeEntry = z.strictObject({
  place,
  name: z.string(),
  isFolder: z.boolean(),
  /** Bytes; 0 for folders. */
  size: z.number(),
  use: placeUse,
});
export type PlaceEntry = z.infer<typeof placeEntry>;

/** One folder of the host's own file browser. */
export const folderView = z.strictObject({
  place,
  /** The path for people. */
  label: z.string(),
  /** Absent at a root. */
  parent: place.optional(),
  entries: z.array(placeEntry),
  /** Entries beyond those that are listed. */
  more: z.int().nonnegative(),
});
export type FolderView = z.infer<typeof folderView>;
