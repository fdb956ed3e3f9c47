import { formatBytes, formatFixed, formatSigned } from "../base/format.ts";
import { compareVariants, type Compared } from "../app/compare.ts";
import type { Project } from "../app/project.ts";
import { standoutsWithinTolerance } from "../app/standouts.ts";
import { suggestMethods, type SuggestedMethod } from "../app/suggest.ts";
import type { Overview, ProjectView, VariantView } from "../contract/views.ts";
import { viewVariants } from "./variantViews.ts";

/** The file of the project's notes, in its folder, readable without Lathe. */
const NOTES = "notes.md";

export async function overviewOf(project: Project, view: ProjectView): Promise<Overview> {
  const { store } = project;
  const rows = store.settings.baseline === null ? [] : compareVariants(project, []).rows;
  const variants = await viewVariants(rows);
  const data = [...store.data()];
  return {
    project: view,
    variants,
    archived: store
      .variants()
      .flatMap(({ id, name, archivedAt }) => (archivedAt === undefined ? [] : [{ id, name, archivedAt }])),
    data,
    best: bestOf(rows),
    suggestions: suggest({ variants, hasData: data.length > 0, methods: await suggestMethods(project, rows) }),
    notes: await readNotes(project),
  };
}

export async function readNotes({ store, host: { files } }: Project): Promise<string> {
  const file = files.join(store.folder, NOTES);
  return (await files.info(file))?.kind === "file" ? new TextDecoder().decode(await files.read(file)) : "";
}

export async function saveNotes({ store, host: { files } }: Project, notes: string): Promise<void> {
  store.checkWritable();
  const writer = await files.create(files.join(store.folder, NOTES));
  try {
    await writer.write(new TextEncoder().encode(notes));
    await writer.commit();
  } finally {
    await writer.discard();
  }
}

function bestOf(rows: readonly Compared[]): Overview["best"] {
  const { smallest, fastest } = standoutsWithinTolerance(rows);
  const note = ({ variant: { name }, difference }: Compared): string =>
    difference === undefined ? name : `${name}, ${formatSigned(difference.difference * 100, 1)} points`;
  return [
    ...(smallest === undefined
      ? []
      : [
          {
            label: "Smallest within 1 point",
            text: `${formatBytes(smallest.bytes)}, ${formatFixed(1 / smallest.sizeRatio, 2)}× smaller`,
            note: note(smallest),
            variant: smallest.variant.id,
          },
        ]),
    ...(fastest?.speedUp === undefined
      ? []
      : [
          {
            label: "Fastest within 1 point",
            text: `${formatFixed(fastest.speedUp.factor, 2)}× faster`,
            note: note(fastest),
            variant: fastest.variant.id,
          },
        ]),
  ];
}

/** The first names, and how many more there are. */
function namesOf(variants: readonly VariantView[]): string {
  const names = variants.slice(0, 3).map((v) => v.name);
  return variants.length > 3 ? `${names.join(", ")} and ${variants.length - 3} more` : names.join(", ");
}

export interface SuggestParts {
  readonly variants: readonly VariantView[];
  readonly hasData: boolean;
  /** Those that speak for themselves. */
  readonly methods: readonly SuggestedMethod[];
}

/** What to do next, as far as records and measurements tell. */
export function suggest({ variants, hasData, methods }: SuggestParts): Overview["suggestions"] {
  const baseline = variants.find((v) => v.isBaseline);
  if (baseline === undefined) {
    return [
      {
        text: "Import a model",
        reason: "The first ONNX model becomes the baseline that all variants are compared with.",
        step: { kind: "import-model" },
      },
    ];
  }
  const found: Overview["suggestions"] = [];
  if (!hasData) {
    found.push({
      text: "Import data",
      reason: "Without samples there is no accuracy, and no method that calibrates or trains can run.",
      step: { kind: "import-data" },
    });
  }
  if (!baseline.isMeasured) {
    found.push({
      text: "Measure the baseline",
      reason: "Nothing is known yet of its accuracy, latency and memory on this machine.",
      step: { kind: "measure" },
    });
  }
  const unmeasured = variants.filter((v) => !v.isMeasured && !v.isBaseline);
  if (baseline.isMeasured && unmeasured.length > 0) {
    found.push({
      text: unmeasured.length === 1 ? "Measure the new variant" : `Measure ${unmeasured.length} new variants`,
      reason: `${namesOf(unmeasured)}: nothing is known yet of accuracy, latency and memory.`,
      step: { kind: "measure" },
    });
  }
  for (const { text, reason, method, from, params } of methods)
    found.push({ text, reason, step: { kind: "method", method, from, ...(params && { params }) } });
  if (variants.filter((v) => v.isMeasured).length > 1) {
    found.push({
      text: "Compare the variants",
      reason: `${variants.length - 1} ${variants.length === 2 ? "variant" : "variants"} beside the baseline, with intervals.`,
      step: { kind: "compare" },
    });
  }
  return found;
}
