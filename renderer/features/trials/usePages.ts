import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import type { Failure } from "../../../core/contract/failure.ts";
import type { StoredTrial } from "../../../core/contract/trials.ts";
import type { TrialOrder, TrialRows, TrialSearch } from "../../../core/contract/trialViews.ts";
import { useEngine } from "../../client/engine.ts";
import { pageKey, useTrialPage, type PageQuestion } from "./queries.ts";

const SIZE = 100;

export interface Pages {
  readonly total: number;
  readonly failure: Failure | undefined;
  readonly again: () => void;
  /** Undefined while it is on its way. */
  row(index: number): StoredTrial | undefined;
  /** Sees to it that these rows come; while somebody scrolls, a moment is waited for where they stop. */
  want(first: number, last: number, isScrolling: boolean): void;
}

/** Rows of a long list, asked for page by page as they come into sight, and kept. */
export function usePages(
  project: string,
  { search, order }: { readonly search: TrialSearch; readonly order: TrialOrder | undefined },
): Pages {
  const { client } = useEngine();
  const queries = useQueryClient();
  const question = useCallback(
    (page: number): PageQuestion => ({ search, order, offset: page * SIZE, limit: SIZE }),
    [search, order],
  );
  const start = useTrialPage(project, question(0));
  const [, setCome] = useState(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), [question]);
  const total = start.data?.total ?? 0;
  const want = useCallback(
    (first: number, last: number, isScrolling: boolean): void => {
      clearTimeout(timer.current);
      const ask = (): void => {
        for (let page = Math.floor(first / SIZE); page <= Math.floor(last / SIZE); page++) {
          if (page === 0) continue;
          const asked = question(page);
          const queryKey = pageKey(project, asked);
          if (queries.getQueryData(queryKey) !== undefined && queries.getQueryState(queryKey)?.isInvalidated !== true)
            continue;
          const { order: by, ...rest } = asked;
          void queries
            .query({
              queryKey,
              queryFn: ({ signal }) => client.trials.page({ project, ...rest, ...(by && { order: by }) }, { signal }),
            })
            .then(() => setCome((n) => n + 1))
            .catch(() => undefined);
        }
      };
      if (isScrolling) timer.current = setTimeout(ask, 60);
      else ask();
    },
    [project, question, queries, client],
  );
  return {
    total,
    failure: start.failure,
    again: start.again,
    want,
    row: (index) => {
      const page = Math.floor(index / SIZE);
      const rows =
        page === 0 ? start.data?.rows : queries.getQueryData<TrialRows>(pageKey(project, question(page)))?.rows;
      return rows?.[index % SIZE];
    },
  };
}
