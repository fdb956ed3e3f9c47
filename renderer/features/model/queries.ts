import { useQuery } from "@tanstack/react-query";
import type { FoundParts, ModelView, OpChange, PartFacts, TensorFacts } from "../../../core/contract/modelView.ts";
import { useEngine } from "../../client/engine.ts";
import { asked, type Asked } from "../../client/queries.ts";

/** A variant, in whose blocks it is shown, and what is shown beside it. */
export interface Looking {
  readonly project: string;
  readonly variant: string;
  readonly reference?: string;
  readonly others?: string[];
}

const under = ({ project, variant, reference = "", others = [] }: Looking): readonly string[] => [
  "project",
  project,
  "model",
  variant,
  reference,
  others.join(" "),
];

export interface ViewAsked {
  readonly open: readonly string[] | undefined;
  readonly sparsity: boolean;
}

/** What is known of a model changes when it is profiled: `version` names how often that was. */
export function useModelView(
  looking: Looking | undefined,
  { open, sparsity }: ViewAsked,
  version: number,
): Asked<ModelView> {
  const { client } = useEngine();
  return asked(
    useQuery({
      queryKey: [...under(looking ?? { project: "", variant: "" }), "view", open ?? null, sparsity, version],
      queryFn: ({ signal }) =>
        client.models.view(
          { ...looking!, ...(open && { open: [...open] }), ...(sparsity && { sparsity }) },
          { signal },
        ),
      enabled: looking !== undefined,
      placeholderData: (before) => before,
      staleTime: Infinity,
    }),
  );
}

export function useFoundParts(looking: Looking, text: string): Asked<FoundParts> {
  const { client } = useEngine();
  return asked(
    useQuery({
      queryKey: [...under(looking), "find", text],
      queryFn: ({ signal }) => client.models.find({ ...looking, text: text.slice(0, 200) }, { signal }),
      enabled: text.trim() !== "",
      placeholderData: (before) => before,
      staleTime: Infinity,
    }),
  );
}

export function usePart(looking: Looking, part: string, version: number): Asked<PartFacts> {
  const { client } = useEngine();
  return asked(
    useQuery({
      queryKey: [...under(looking), "part", part, version],
      queryFn: ({ signal }) => client.models.part({ ...looking, part }, { signal }),
      staleTime: Infinity,
    }),
  );
}

export function useTensor(project: string, variant: string, name: string): Asked<TensorFacts> {
  const { client } = useEngine();
  return asked(
    useQuery({
      queryKey: ["project", project, "model", variant, "tensor", name],
      queryFn: ({ signal }) => client.models.tensor({ project, variant, name }, { signal }),
      staleTime: Infinity,
    }),
  );
}

export interface Differences {
  readonly same: boolean;
  readonly changes: readonly OpChange[];
  readonly total: number;
}

export function useDifferences(
  project: string,
  [a, b]: readonly [string, string],
  version: number,
): Asked<Differences> {
  const { client } = useEngine();
  return asked(
    useQuery({
      queryKey: ["project", project, "diff", a, b, version],
      queryFn: ({ signal }) => client.variants.diff({ project, a, b }, { signal }),
      staleTime: Infinity,
    }),
  );
}
