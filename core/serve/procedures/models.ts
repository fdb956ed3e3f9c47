import { findVariant } from "../../app/project.ts";
import { withModelFile } from "../../app/modelFiles.ts";
import { profileFile } from "../../app/viewer/profile.ts";
import { contentKey, withSubject } from "../../app/viewer/subject.ts";
import { server, working } from "../base.ts";

const { models } = server;

export const modelProcedures = models.router({
  view: models.view.handler(async ({ input, context: { engine }, signal }) => {
    const { variant, reference, others, open, sparsity } = input;
    const { viewer, profiled } = engine.models;
    return withSubject(
      await engine.projects.get(input.project),
      { variant, reference, others },
      {
        profiled,
        use: (subject) => viewer.ask({ kind: "view", variant, subject, open, sparsity: sparsity === true }, signal),
      },
    );
  }),
  find: models.find.handler(async ({ input, context: { engine }, signal }) => {
    const { viewer, profiled } = engine.models;
    return withSubject(await engine.projects.get(input.project), input, {
      profiled,
      use: (subject) => viewer.ask({ kind: "find", subject, text: input.text }, signal),
    });
  }),
  part: models.part.handler(async ({ input, context: { engine }, signal }) => {
    const { viewer, profiled } = engine.models;
    return withSubject(await engine.projects.get(input.project), input, {
      profiled,
      use: (subject) => viewer.ask({ kind: "facts", subject, part: input.part }, signal),
    });
  }),
  tensor: models.tensor.handler(async ({ input, context: { engine }, signal }) => {
    const { viewer, profiled } = engine.models;
    return withSubject(
      await engine.projects.get(input.project),
      { variant: input.variant },
      {
        profiled,
        use: (subject) => viewer.ask({ kind: "tensor", subject, name: input.name }, signal),
      },
    );
  }),
  profile: models.profile.handler(async function* ({ input, context: { engine }, signal }) {
    return yield* working(engine, signal, async (emit, stop) => {
      const project = await engine.projects.get(input.project);
      const variant = findVariant(project, input.variant);
      const layers = await withModelFile(project, variant, (path) =>
        profileFile(path, { times: input.times, emit, signal: stop }),
      );
      engine.models.profiled.set(contentKey(variant), layers);
      return { layers: layers.length };
    });
  }),
});
