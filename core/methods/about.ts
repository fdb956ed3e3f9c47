import type { ParameterMeta } from "../contract/method.ts";

/** Type-checks what a parameter says of itself, in the form that zod's `meta` takes. */
export function about(meta: ParameterMeta): ParameterMeta & Record<string, unknown> {
  return { ...meta };
}
