import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { LatheError } from "../../core/base/error.ts";
import { readModel } from "../../core/onnx/read.ts";
import { HOSTILE, type Hostile } from "./build.ts";

interface Expected {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

const list = new URL("models.json", import.meta.url);
const expected = JSON.parse(readFileSync(list, "utf8")) as readonly Expected[];
const root = mkdtempSync(join(tmpdir(), "lathe-corpus-"));
afterAll(() => rmSync(root, { recursive: true }));

/** What reading says, with the folder's own name taken out. */
async function refusal(name: string, hostile: Hostile): Promise<Expected> {
  const folder = mkdtempSync(join(root, "case-"));
  const file = join(folder, "model.onnx");
  writeFileSync(file, hostile.bytes);
  for (const [beside, content] of Object.entries(hostile.beside ?? {})) {
    if (content instanceof Uint8Array) writeFileSync(join(folder, beside), content);
    else symlinkSync(content.link, join(folder, beside));
  }
  const error: unknown = await readModel(file, nodeHost, hostile.limits).catch((thrown: unknown) => thrown);
  if (!(error instanceof LatheError)) throw new Error(`${name} was read`, { cause: error });
  const clean = (text: string): string => text.replaceAll(`${folder}/`, "").replaceAll(folder, "FOLDER");
  const { code, hint } = error;
  return { name, code, message: clean(error.message), ...(hint === undefined ? {} : { hint: clean(hint) }) };
}

describe("hostile models", () => {
  test("the list names every one of them once", () => {
    expect(expected.map((e) => e.name)).toEqual(Object.keys(HOSTILE));
  });

  test.each(Object.entries(HOSTILE))("%s: refused with its own words", async (name, hostile) => {
    expect(await refusal(name, hostile)).toEqual(expected.find((e) => e.name === name));
  });
});

test("there is no file", async () => {
  const path = join(root, "none.onnx");
  await expect(readModel(path, nodeHost)).rejects.toMatchObject({ code: "not-found" });
});

test("it is a folder", async () => {
  await expect(readModel(root, nodeHost)).rejects.toMatchObject({
    code: "invalid-argument",
    message: `"${root}" is a folder, not a model file.`,
  });
});
