import { archiveVariant } from "../../app/archive.ts";
import { compareVariants } from "../../app/compare.ts";
import { importModel } from "../../app/importModel.ts";
import { inspectVariant } from "../../app/inspect.ts";
import { withSubject } from "../../app/viewer/subject.ts";
import { checkName, findVariant, pinBaseline } from "../../app/project.ts";
import { renameVariant } from "../../app/renameVariant.ts";
import type { Json } from "../../base/json.ts";
import { LatheError } from "../../base/error.ts";
import { server, working } from "../base.ts";
import type { Engine } from "../engine.ts";
import { overviewOf, saveNotes } from "../overview.ts";
import { viewVariants } from "../variantViews.ts";

const { overview, variants } = server;

/** Tells all pages that a project is no longer what it was. */
function changed(engine: Engine, project: string): Record<string, never> {
  engine.events.send({ kind: "project", project });
  return {};
}

export const overviewProcedures = overview.router({
  get: overview.get.handler(async ({ input, context: { engine } }) => {
    // Who looks at a project may look at its models next.
    engine.models.viewer.warm();
    return overviewOf(await engine.projects.get(input.project), await engine.projects.view(input.project));
  }),
  saveNotes: overview.saveNotes.handler(async ({ input, context: { engine } }) => {
    await saveNotes(await engine.projects.get(input.project), input.notes);
    return {};
  }),
  rename: overview.rename.handler(async ({ input, context: { engine } }) => {
    const { store } = await engine.projects.get(input.project);
    store.saveSettings({ ...store.settings, name: checkName(input.name) });
    return changed(engine, input.project);
  }),
  pinBaseline: overview.pinBaseline.handler(async ({ input, context: { engine } }) => {
    pinBaseline(await engine.projects.get(input.project), input.variant);
    return changed(engine, input.project);
  }),
});

export const variantProcedures = variants.router({
  get: variants.get.handler(async ({ input, context: { engine } }) =>
    findVariant(await engine.projects.get(input.project), input.variant),
  ),
  import: variants.import.handler(async function* ({ input, context: { engine }, signal }) {
    return yield* working(engine, signal, async (emit, stop) => {
      const project = await engine.projects.get(input.project);
      const file = await engine.places.resolve(input.place);
      const made = await importModel(project, file, { emit, signal: stop, name: input.name });
      changed(engine, input.project);
      const views = await viewVariants(compareVariants(project, [made.id]).rows);
      const view = views.find((v) => v.id === made.id);
      if (view === undefined) throw new LatheError("internal", `Variant "${made.id}" is missing.`);
      return view;
    });
  }),
  archive: variants.archive.handler(async ({ input, context: { engine } }) => {
    archiveVariant(await engine.projects.get(input.project), input.variant, input.isArchived);
    return changed(engine, input.project);
  }),
  rename: variants.rename.handler(async ({ input, context: { engine } }) => {
    renameVariant(await engine.projects.get(input.project), input.variant, input.name);
    return changed(engine, input.project);
  }),
  inspect: variants.inspect.handler(async ({ input, context: { engine } }) => {
    const project = await engine.projects.get(input.project);
    const { facts, text } = await inspectVariant(project, input.variant, { maximumNodes: input.maximumNodes });
    return { facts: JSON.parse(JSON.stringify(facts)) as Json, text };
  }),
  diff: variants.diff.handler(async ({ input, context: { engine }, signal }) => {
    const project = await engine.projects.get(input.project);
    const { viewer, profiled } = engine.models;
    return withSubject(
      project,
      { variant: input.a },
      {
        profiled,
        use: (first) =>
          withSubject(
            project,
            { variant: input.b },
            {
              profiled,
              use: async (second) => {
                const found = await viewer.ask({ kind: "compare", first, second }, signal);
                return { ...found, a: first.file.name, b: second.file.name, changes: [...found.changes] };
              },
            },
          ),
      },
    );
  }),
});
