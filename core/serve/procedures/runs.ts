import { homedir } from "node:os";
import { describeMethod, listMethods } from "../../app/methods.ts";
import { findData, findVariant } from "../../app/project.ts";
import { estimateRun } from "../../app/runMethod.ts";
import { server } from "../base.ts";
import { commandOf } from "../command.ts";

const { methods, jobs } = server;

export const methodProcedures = methods.router({
  list: methods.list.handler(async () => [...(await listMethods())]),
  plan: methods.plan.handler(async ({ input: { project, run }, context: { engine } }) => {
    const opened = await engine.projects.get(project);
    const found = await estimateRun(opened, run, run.from);
    const command = commandOf({
      method: await describeMethod(run.method),
      run: { ...run, params: found.recipe.params, data: findData(opened, run.data)?.name },
      from: findVariant(opened, run.from).name,
      folder: opened.store.folder,
      home: homedir(),
    });
    return { recipe: found.recipe, estimate: found.estimate, notes: [...found.notes], command };
  }),
});

export const jobProcedures = jobs.router({
  list: jobs.list.handler(async ({ input, context: { engine } }) => [...(await engine.jobs.list(input.project))]),
  run: jobs.run.handler(({ input, context: { engine }, signal }) => engine.jobs.run(input.project, input.run, signal)),
  measure: jobs.measure.handler(({ input, context: { engine } }) => engine.jobs.measure(input.project, input.variants)),
  log: jobs.log.handler(async ({ input, context: { engine } }) => [...(await engine.jobs.log(input))]),
  pause: jobs.pause.handler(({ input, context: { engine } }) => engine.jobs.change(input, "pause")),
  resume: jobs.resume.handler(({ input, context: { engine } }) => engine.jobs.change(input, "resume")),
  cancel: jobs.cancel.handler(({ input, context: { engine } }) => engine.jobs.change(input, "cancel")),
  remove: jobs.remove.handler(async ({ input, context: { engine } }) => {
    await engine.jobs.remove(input);
    return {};
  }),
});
