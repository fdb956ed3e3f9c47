/** Most pixels of one image; larger ones are refused before decoding. */
export const MAX_PIXELS = 1 << 27;
/** Arrays up to this many bytes are held in memory; larger files are read by ranges. */
export const MAX_HELD_BYTES = 1 << 30;
/** Longest header of an NPY file. */
export const MAX_NPY_HEADER = 1 << 16;
/** Most entries of a ZIP archive. */
export const MAX_ZIP_ENTRIES = 10_000;
/** Most samples of a data set. */
export const MAX_SAMPLES = 1 << 27;
/** Most classes; a greater label means that the labels are something else. */
export const MAX_CLASSES = 1 << 20;
/** Most columns of a table. */
export const MAX_COLUMNS = 1 << 17;
/** Deepest folder below a class folder. */
export const MAX_FOLDER_DEPTH = 16;
/** Most unreadable samples that are named. */
export const MAX_NAMED = 100;
