import type { SamplePreview } from "../contract/samples.ts";

/** Previews that were made, up to a number of bytes; those asked for longest ago go first. */
export interface PreviewCache {
  get(key: string, make: () => Promise<SamplePreview>): Promise<SamplePreview>;
}

const MOST_BYTES = 48 * 2 ** 20;

export function previewCache(most = MOST_BYTES): PreviewCache {
  const kept = new Map<string, { readonly made: Promise<SamplePreview>; bytes: number }>();
  let total = 0;
  const drop = (key: string): void => {
    total -= kept.get(key)?.bytes ?? 0;
    kept.delete(key);
  };
  return {
    get: (key, make) => {
      const known = kept.get(key);
      if (known !== undefined) {
        kept.delete(key);
        kept.set(key, known);
        return known.made;
      }
      const entry = { made: make(), bytes: 0 };
      kept.set(key, entry);
      entry.made.then(
        (preview) => {
          // What could not be read is looked at again: the file may be back.
          if (preview.kind === "broken") {
            drop(key);
            return;
          }
          if (kept.get(key) !== entry) return;
          entry.bytes = sizeOf(preview);
          total += entry.bytes;
          for (const oldest of kept.keys()) {
            if (total <= most) break;
            drop(oldest);
          }
        },
        () => drop(key),
      );
      return entry.made;
    },
  };
}

function sizeOf(preview: SamplePreview): number {
  switch (preview.kind) {
    case "image":
      return 200 + 2 * preview.url.length;
    case "values":
      return 200 + 8 * preview.values.length;
    case "curve":
      return 200 + 16 * preview.low.length;
    case "broken":
      return 0;
  }
}
