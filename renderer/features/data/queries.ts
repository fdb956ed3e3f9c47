import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type {
  DataSummary,
  SampleDetail,
  SampleFilter,
  SampleOrder,
  SamplePage,
  SamplePreview,
  SampleView,
} from "../../../core/contract/samples.ts";
import { useEngine } from "../../client/engine.ts";
import { keys } from "../../client/keys.ts";
import { asked, type Asked } from "../../client/queries.ts";
import { CHUNK, PAGE, stretches } from "./question.ts";

export interface DataName {
  readonly project: string;
  readonly data: string;
}

const under = ({ project, data }: DataName): readonly string[] => [...keys.project(project), "data", data];

export function useSummary(name: DataName): Asked<DataSummary> {
  const { client } = useEngine();
  return asked(
    useQuery({
      queryKey: [...under(name), "summary"],
      queryFn: () => client.data.get({ ...name }),
      placeholderData: (before) => (before?.data.id === name.data ? before : undefined),
    }),
  );
}

export interface Wanted {
  readonly filter: SampleFilter;
  readonly order: SampleOrder;
  /** Places that are in sight. */
  readonly first: number;
  readonly last: number;
}

export interface Samples {
  readonly total: number | undefined;
  readonly missing: SamplePage["missing"];
  /** The sample at a place, once it is there. */
  at(place: number): SampleView | undefined;
  preview(place: number): SamplePreview | undefined;
  readonly first: Asked<SamplePage>;
}

/** Milliseconds that pages and previews out of sight are kept; scrolling through all must not hold all. */
const KEPT = 20_000;

/** The samples in sight, and how many there are. Only what is in sight is asked for. */
export function useSamples(name: DataName, { filter, order, first, last }: Wanted): Samples {
  const { client } = useEngine();
  const question = { ...name, filter, order };
  const pageQuery = (page: number) => ({
    queryKey: [...under(name), "samples", filter, order, page],
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      client.data.samples({ ...question, offset: page * PAGE, limit: PAGE }, { signal }),
    gcTime: KEPT,
  });
  const start = useQuery({ ...pageQuery(0), placeholderData: (before: SamplePage | undefined) => before });
  const pages = stretches(first, last, PAGE);
  const rest = useQueries({ queries: pages.map(pageQuery) });
  const known = new Map(pages.map((page, i) => [page, rest[i]?.data]));
  const at = (place: number): SampleView | undefined => known.get(Math.floor(place / PAGE))?.samples[place % PAGE];
  const chunks = stretches(first, last, CHUNK).map((chunk) => {
    const places = Array.from({ length: CHUNK }, (_, i) => chunk * CHUNK + i);
    return { chunk, samples: places.map(at).flatMap((s) => (s === undefined ? [] : [s.sample])) };
  });
  const pictures = useQueries({
    queries: chunks.map(({ samples }) => ({
      queryKey: ["previews", name.project, name.data, SIDE, ...samples],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        client.data.previews({ ...name, samples, side: SIDE }, { signal }),
      enabled: samples.length > 0,
      gcTime: KEPT,
      staleTime: Infinity,
    })),
  });
  const drawn = new Map(chunks.map(({ chunk }, i) => [chunk, pictures[i]?.data]));
  return {
    total: start.data?.total,
    missing: start.data?.missing ?? [],
    at,
    preview: (place) => drawn.get(Math.floor(place / CHUNK))?.[place % CHUNK],
    first: asked(start),
  };
}

/** Pixels of a preview in the grid; twice as many as it is wide, for dense screens. */
const SIDE = 192;

/** Previews of some samples by number. */
export function usePreviews(name: DataName, samples: readonly number[]): readonly SamplePreview[] | undefined {
  const { client } = useEngine();
  const wanted = useMemo(() => [...samples], [samples]);
  return useQuery({
    queryKey: ["previews", name.project, name.data, SIDE, ...wanted],
    queryFn: ({ signal }) => client.data.previews({ ...name, samples: wanted, side: SIDE }, { signal }),
    enabled: wanted.length > 0,
    gcTime: KEPT,
    staleTime: Infinity,
  }).data;
}

export function useDetail(name: DataName, sample: number, variant: string): Asked<SampleDetail> {
  const { client } = useEngine();
  return asked(
    useQuery({
      queryKey: [...under(name), "sample", sample, variant],
      queryFn: ({ signal }) => client.data.sample({ ...name, sample, ...(variant !== "" && { variant }) }, { signal }),
      placeholderData: (before) => before,
      gcTime: KEPT,
    }),
  );
}
