import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useEffect, useState } from "react";
import type { ExportPlan } from "../../../core/contract/export.ts";
import { useEngine } from "../../client/engine.ts";
import { keys } from "../../client/keys.ts";
import { asked, type Asked } from "../../client/queries.ts";
import type { Values } from "../../form/schema.ts";

/** JSON Schema of what may be chosen; it does not change while the engine runs. */
export function useChoices(): Asked<Readonly<Record<string, unknown>>> {
  const { client } = useEngine();
  return asked(
    useQuery({ queryKey: ["export-choices"], queryFn: () => client.exports.choices(), staleTime: Infinity }),
  );
}

export interface Planned extends ExportPlan {
  readonly command: string;
}

export interface PlanAsked extends Asked<Planned> {
  /** Whether the plan is of other choices than those that stand in the form. */
  readonly isStale: boolean;
}

/** Long enough for a word to be typed. Milliseconds. */
const PAUSE = 250;

/** What an export with these choices would write; the plan before stays until the next one is there. */
export function usePlan(project: string, variant: string, choices: Values): PlanAsked {
  const { client } = useEngine();
  const settled = useSettled(useDeferredValue(JSON.stringify(choices)));
  const query = useQuery({
    queryKey: [...keys.project(project), "export-plan", variant, settled],
    queryFn: ({ signal }) =>
      client.exports.plan({ ...(JSON.parse(settled) as Record<string, never>), project, variant }, { signal }),
    enabled: variant !== "",
    placeholderData: (before, last) => (last?.queryKey[3] === variant ? before : undefined),
    staleTime: 60_000,
    retry: false,
  });
  return { ...asked(query), isStale: settled !== JSON.stringify(choices) || query.isPlaceholderData };
}

function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
