import { LatheError } from "../base/error.ts";
import type { Host } from "../base/host.ts";
import type { PendingExternal } from "./decodeTensor.ts";

interface Place {
  readonly folder?: string;
  readonly host?: Host;
}

/**
 * Finds the file of each external tensor, refuses whatever lies outside the model's folder, and completes the entries.
 * ONNX, "External data": locations are relative to the model, without "..".
 */
export async function checkExternal(pending: readonly PendingExternal[], { folder, host }: Place): Promise<void> {
  const first = pending[0];
  if (first === undefined) return;
  if (folder === undefined || host === undefined) {
    const { location } = first.data;
    throw new LatheError(
      "invalid-argument",
      `${first.where} is in the file "${location}", and the model comes without a folder.`,
      {
        hint: "Open the model from its file.",
      },
    );
  }
  const found = new Map<string, { file: string; size: number }>();
  for (const { where, data } of pending) {
    let target = found.get(data.location);
    if (target === undefined) {
      target = await locate(where, data.location, { folder, host });
      found.set(data.location, target);
    }
    const end = data.offset + data.length;
    if (end > target.size) {
      throw new LatheError(
        "invalid-model",
        `${where}: its external data ends at byte ${end} of "${data.location}", which has only "${target.size}" bytes.`,
        { hint: "The data file is cut short or belongs to another model; fetch both files again." },
      );
    }
    data.file = target.file;
    Object.freeze(data);
  }
}

async function locate(
  where: string,
  location: string,
  { folder, host }: Required<Place>,
): Promise<{ file: string; size: number }> {
  const { files } = host;
  const refuse = (why: string): LatheError =>
    new LatheError("invalid-model", `${where}: its external data "${location}" ${why}.`, {
      hint: "External data must be a file in the model's own folder or below it; save the model again.",
    });
  if (location === "") throw refuse("has no location");
  if (files.isAbsolute(location) || /^([/\\]|[a-z]:)/i.test(location)) throw refuse("is an absolute path");
  if (location.split(/[/\\]/).includes("..")) throw refuse('leaves the model\'s folder with ".."');
  if (location.includes("\0")) throw refuse("has a zero byte in its name");
  const path = files.join(folder, location);
  if ((await files.info(path)) === undefined) {
    throw new LatheError("invalid-model", `${where}: its external data "${location}" is missing beside the model.`, {
      hint: `Put the file "${location}" into the folder "${folder}".`,
    });
  }
  const real = await files.real(path).catch((cause: unknown) => {
    throw new LatheError("invalid-model", `${where}: its external data "${location}" is a link that leads nowhere.`, {
      hint: `Put the file itself into the folder "${folder}".`,
      cause,
    });
  });
  const home = await files.real(folder);
  const inside = files.join(home, "x").slice(0, -1);
  if (real !== home && !real.startsWith(inside)) throw refuse("is a link that leaves the model's folder");
  const info = await files.info(real);
  if (info?.kind !== "file") throw refuse("is not a regular file");
  return { file: real, size: info.size };
}
