import { LatheError } from "./error.ts";

/**
 * Whether a name matches one of the patterns, in which * stands for any text.
 * @throws invalid-recipe for a pattern that matches none of the names there are
 */
export function globMatcher(patterns: readonly string[], names: readonly string[]): (name: string) => boolean {
  const expressions = patterns.map((pattern) => {
    const parts = pattern.split("*").map((text) => text.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${parts.join(".*")}$`);
  });
  const idle = patterns.find((_, i) => !names.some((name) => expressions[i]?.test(name) === true));
  if (idle !== undefined) {
    throw new LatheError("invalid-recipe", `No node is called "${idle}".`, {
      hint: '"lathe inspect MODEL" lists the nodes.',
    });
  }
  return (name) => expressions.some((e) => e.test(name));
}
