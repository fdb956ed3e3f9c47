import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

const BLOCK = 512;

/** The regular files of a .tar.gz (POSIX ustar with pax or GNU long names), path → content. */
export function readArchive(path: string): Map<string, Uint8Array> {
  const bytes = new Uint8Array(gunzipSync(readFileSync(path)));
  const files = new Map<string, Uint8Array>();
  let longName: string | undefined;
  for (let at = 0; at + BLOCK <= bytes.byteLength && bytes[at] !== 0;) {
    const header = bytes.subarray(at, at + BLOCK);
    const size = parseInt(text(header, [124, 136]), 8);
    const kind = text(header, [156, 157]);
    const body = bytes.subarray(at + BLOCK, at + BLOCK + size);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    if (kind === "L") longName = text(body, [0, body.length]);
    else if (kind === "x") longName = /\d+ path=(.*)\n/.exec(text(body, [0, body.length]))?.[1];
    else {
      const prefix = text(header, [345, 500]);
      const short = text(header, [0, 100]);
      if (kind === "0" || kind === "") files.set(longName ?? (prefix === "" ? short : `${prefix}/${short}`), body);
      longName = undefined;
    }
  }
  return files;
}

function text(bytes: Uint8Array, [from, to]: readonly [number, number]): string {
  const field = bytes.subarray(from, to);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end)).trim();
}

/** One case of ONNX's backend node tests: a model and sets of inputs with the outputs expected for them. */
export interface NodeCase {
  readonly name: string;
  readonly model: Uint8Array;
  readonly sets: readonly { readonly inputs: readonly Uint8Array[]; readonly outputs: readonly Uint8Array[] }[];
}

/** The cases in an archive of `onnx/backend/test/data/node`, by name. */
export function readCases(path: string): readonly NodeCase[] {
  const folders = new Map<string, Map<string, Uint8Array>>();
  for (const [file, content] of readArchive(path)) {
    const parts = /\/node\/([^/]+)\/(.+)$/.exec(file);
    if (parts?.[1] === undefined || parts[2] === undefined) continue;
    const folder = folders.get(parts[1]) ?? new Map<string, Uint8Array>();
    folders.set(parts[1], folder.set(parts[2], content));
  }
  return [...folders]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, files]) => {
      const model = files.get("model.onnx");
      if (model === undefined) throw new Error(`${name} has no model.onnx`);
      const numbered = (set: string, kind: string): Uint8Array[] => {
        const list: Uint8Array[] = [];
        for (let i = 0, file; (file = files.get(`${set}/${kind}_${i}.pb`)); i++) list.push(file);
        return list;
      };
      const names = new Set([...files.keys()].flatMap((f) => /^(test_data_set_\d+)\//.exec(f)?.[1] ?? []));
      const sets = [...names]
        .sort()
        .map((set) => ({ inputs: numbered(set, "input"), outputs: numbered(set, "output") }));
      return { name, model, sets };
    });
}
