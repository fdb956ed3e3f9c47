import { useQuery } from "@tanstack/react-query";
import type { ClassComparison, Disagreement, Disagreements, LayerComparison } from "../../../core/contract/compare.ts";
import { useEngine } from "../../client/engine.ts";
import { keys } from "../../client/keys.ts";
import { asked, type Asked } from "../../client/queries.ts";

export function useLayerComparison(project: string, variants: readonly string[]): Asked<LayerComparison> {
  const { client } = useEngine();
  return asked(
    useQuery({
      queryKey: [...keys.comparison(project, variants), "layers"],
      queryFn: () => client.compare.layers({ project, variants: [...variants] }),
      placeholderData: (before) => before,
    }),
  );
}

export function useClassComparison(project: string, variants: readonly string[]): Asked<ClassComparison> {
  const { client } = useEngine();
  return asked(
    useQuery({
      queryKey: [...keys.comparison(project, variants), "classes"],
      queryFn: () => client.compare.classes({ project, variants: [...variants] }),
      placeholderData: (before) => before,
    }),
  );
}

export interface DisagreementQuestion {
  readonly variants: readonly string[];
  readonly which: Disagreement;
  readonly label?: string;
  readonly offset: number;
  readonly limit: number;
}

export function useDisagreements(project: string, question: DisagreementQuestion): Asked<Disagreements> {
  const { client } = useEngine();
  const { variants, ...rest } = question;
  return asked(
    useQuery({
      queryKey: [...keys.comparison(project, variants), "samples", JSON.stringify(rest)],
      queryFn: () => client.compare.samples({ project, variants: [...variants], ...rest }),
      placeholderData: (before) => before,
    }),
  );
}
