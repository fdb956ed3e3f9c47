import { elementCount, type NdArray } from "../base/array.ts";
import type { ElementType } from "../base/elementType.ts";
import { LatheError } from "../base/error.ts";

/** An input or output. Dims are sizes or symbols, "" where nothing is declared; type "undefined" is no tensor. */
export interface InputInfo {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly (number | string)[];
}

/**
 * Checks that feeds are what the inputs want, before the runtime sees them.
 * @param model a path in quotes, or "the model"
 * @throws invalid-argument naming the input, what it wants and what it was given.
 */
export function checkFeeds(
  inputs: readonly InputInfo[],
  feeds: Readonly<Record<string, NdArray>>,
  model: string,
): void {
  for (const name of Object.keys(feeds)) {
    if (inputs.some((i) => i.name === name)) continue;
    throw new LatheError("invalid-argument", `${sentence(model)} has no input "${name}".`, {
      hint: `Its inputs are: ${inputs.map((i) => i.name).join(", ")}.`,
    });
  }
  for (const input of inputs) {
    const given = Object.hasOwn(feeds, input.name) ? feeds[input.name] : undefined;
    if (given === undefined) {
      throw new LatheError("invalid-argument", `Nothing was given for the input "${input.name}" of ${model}.`, {
        hint: `It wants ${describe(input.type, input.dims)}.`,
      });
    }
    if (given.type !== input.type || !fits(input.dims, given.dims)) {
      const wanted = describe(input.type, input.dims);
      const got = describe(given.type, given.dims);
      throw new LatheError(
        "invalid-argument",
        `Input "${input.name}" of ${model} wants ${wanted}, was given "${got}".`,
        {
          hint: "Change the preprocessing so that it makes this shape and type.",
          details: { input: input.name, wanted: input.dims, given: given.dims },
        },
      );
    }
    checkCount(input.name, given);
  }
}

/** Whether sizes agree where they are declared; a rank-less declaration cannot be told from a scalar. */
function fits(wanted: readonly (number | string)[], given: readonly number[]): boolean {
  if (wanted.length === 0) return true;
  return wanted.length === given.length && wanted.every((d, i) => typeof d === "string" || d === given[i]);
}

function checkCount(name: string, given: NdArray): void {
  const perByte = given.type === "int4" || given.type === "uint4" ? 2 : 1;
  const need = Math.ceil(elementCount(given.dims) / perByte);
  if (given.data.length === need) return;
  throw new LatheError(
    "invalid-argument",
    `Input "${name}" of shape [${given.dims.join(",")}] needs ${need} elements, was given "${given.data.length}".`,
  );
}

/** For instance float32[batch,3,32,32]; ? where nothing is declared. */
export function describe(type: string, dims: readonly (number | string)[]): string {
  return `${type}[${dims.map((d) => (d === "" ? "?" : d)).join(",")}]`;
}

/** With a capital letter, as the beginning of a sentence. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
