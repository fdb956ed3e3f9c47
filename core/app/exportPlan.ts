import { LatheError } from "../base/error.ts";
import { exportChoices, type ExportChoices, type ExportPlan, type GivenChoices } from "../contract/export.ts";
import type { Variant } from "../contract/project.ts";
import { describeType } from "../graph/describe.ts";
import type { Model, Value } from "../graph/model.ts";
import { whyNotRunnable } from "../graph/runnable.ts";
import { readModel } from "../onnx/read.ts";
import { opsetOf } from "../graph/domains.ts";
import { calledInputs } from "../transform/edges.ts";
import { findData, type Project } from "./project.ts";
import {
  BUNDLE_FILES,
  checkFile,
  filesFor,
  measureFiles,
  shapeExport,
  type Problem,
  type Shaped,
  type ShapeWork,
} from "./exportModel.ts";
import { withModelFile } from "./modelFiles.ts";

/** All choices, those that nobody made as they are by default. @throws invalid-argument */
export function completeChoices(given: GivenChoices): ExportChoices {
  const names = new Set(Object.keys(exportChoices.shape));
  const parsed = exportChoices.safeParse(Object.fromEntries(Object.entries(given).filter(([name]) => names.has(name))));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new LatheError("invalid-argument", `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "does not fit"}.`, {
    hint: "See lathe export --help.",
  });
}

/** A variant's model with all choices made, the files that it takes, and what is in the way. */
export interface Prepared extends Shaped {
  readonly source: Model;
  readonly choices: ExportChoices;
  /** Of the bundle: the file that a runtime opens, and what lies beside it. */
  readonly files: readonly { readonly name: string; readonly bytes?: number }[];
}

export interface PrepareOptions extends ShapeWork {
  /** Bytes that one file may have; default: what protobuf allows. */
  readonly largestFile?: number;
}

/** Makes the choices on a variant's model. Nothing is written. */
export async function prepareExport(
  variant: Variant,
  { path, choices }: { readonly path: string; readonly choices: ExportChoices },
  options: PrepareOptions,
): Promise<Prepared> {
  const source = await readModel(path, options.host);
  const foreign = whyNotRunnable(source);
  if (foreign !== undefined) {
    const problem: Problem = {
      field: "variant",
      code: "not-runnable",
      message: `"${variant.name}" cannot be exported: ${foreign}`,
      hint: "An export is loaded again and compared before it appears, and that takes a model that runs.",
    };
    const nothing = { isSame: true, isExact: true, changes: [], notes: [], files: [] };
    return { ...nothing, source, model: source, choices, problems: [problem] };
  }
  const shaped = await shapeExport(source, choices, options);
  const stays = Object.entries(variant.external).map(([name, { bytes }]) => ({ name, bytes }));
  const problems: Problem[] = [...shaped.problems];
  const wrong = checkFile(choices, shaped.isSame ? stays.map((f) => f.name) : []);
  if (wrong !== undefined) problems.push(wrong);
  let files: Prepared["files"] = [{ name: filesFor(choices).main, bytes: variant.model.bytes }, ...stays];
  if (!shaped.isSame) {
    const measured = measureFiles(shaped.model, choices, options.largestFile);
    if ("problem" in measured) problems.push(measured.problem);
    else ({ files } = measured);
  }
  return { ...shaped, source, choices, files, problems };
}

/** What an export would write and change, and what is wrong with the choices, without writing anything. */
export function planExport(
  project: Project,
  variant: Variant,
  { signal, ...given }: GivenChoices & { readonly signal: AbortSignal },
): Promise<ExportPlan> {
  const choices = completeChoices(given);
  return withModelFile(project, variant, async (path) => {
    const { host } = project;
    const { source, model, files, changes, notes, problems } = await prepareExport(
      variant,
      { path, choices },
      { host, signal },
    );
    const edges = (of: (model: Model) => readonly Value[]): ExportPlan["inputs"] => {
      const after = of(model);
      return of(source).map((before, i) => ({ before: edge(before), after: edge(after[i] ?? before) }));
    };
    const hasData = findData(project, undefined) !== undefined;
    return {
      files: [...files],
      others: BUNDLE_FILES.filter((name) => hasData || name !== "preprocessing.json").map((name) =>
        name === "parity" ? "parity/" : name,
      ),
      opset: { before: opsetOf(source), after: opsetOf(model) },
      irVersion: { before: source.irVersion, after: model.irVersion },
      inputs: edges((m) => calledInputs(m.graph)),
      outputs: edges((m) => m.graph.outputs),
      changes: [...changes],
      notes: [...notes],
      problems: problems.map(({ field, message, hint }) => ({ field, message, hint })),
    };
  });
}

const edge = (value: Value): { readonly name: string; readonly type: string } => ({
  name: value.name,
  type: describeType(value.type),
});
