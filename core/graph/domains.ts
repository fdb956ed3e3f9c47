import type { Model } from "./model.ts";

/** ONNX writes its own domain as "" or "ai.onnx"; in the IR it is always "". */
export const normalDomain = (domain: string | undefined): string => (domain === "ai.onnx" ? "" : (domain ?? ""));

export const isOnnx = (domain: string): boolean => normalDomain(domain) === "";

/** The version of the ONNX domain that a model or function asks for; 0 where it asks for none. */
export function opsetOf({ opsets }: Pick<Model, "opsets">): number {
  return opsets[""] ?? opsets["ai.onnx"] ?? 0;
}

/** What a call and the function that it calls have in common. */
export const functionKey = (domain: string, name: string, overload = ""): string =>
  JSON.stringify([normalDomain(domain), name, overload]);
