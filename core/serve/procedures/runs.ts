import { homedir } from "node:os";
import { layersOf } from "../../app/layers.ts";
import { planJob } from "../../app/jobPlan.ts";
import { describeMethod, listMethods } from "../../app/methods.ts";
import { listPresets, removePreset, savePreset } from "../../app/presets.ts";
import { findData, findVariant } from "../../app/project.ts";
import { jobBlocks } from "../../app/reportMethod.ts";
import { estimateRun } from "../../app/runMethod.ts";
import { server } from "../base.ts";
import { chainCommand, commandOf } from "../command.ts";

const { methods, presets, jobs } = server;

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
  planChain: methods.planChain.handler(
    async ({ input: { project, chain }, context: { engine }, signal = new AbortController().signal }) => {
      const opened = await engine.projects.get(project);
      const { title, estimate } = await planJob(opened, chain, { signal, emit: () => undefined });
      const command = chainCommand({
        from: findVariant(opened, chain.from).name,
        data: findData(opened, chain.data)?.name,
        folder: opened.store.folder,
        home: homedir(),
      });
      return { title, command, ...(estimate && { estimate }) };
    },
  ),
  layers: methods.layers.handler(async ({ input, context: { engine } }) => [
    ...(await layersOf(await engine.projects.get(input.project), input.variant)),
  ]),
});

export const presetProcedures = presets.router({
  list: presets.list.handler(async ({ input, context: { engine } }) => [
    ...(await listPresets(await engine.projects.get(input.project), engine.home)),
  ]),
  save: presets.save.handler(async ({ input, context: { engine } }) => {
    await savePreset(await engine.projects.get(input.project), engine.home, input.preset);
    return {};
  }),
  remove: presets.remove.handler(async ({ input: { project, ...which }, context: { engine } }) => {
    await removePreset(await engine.projects.get(project), engine.home, which);
    return {};
  }),
});

export const jobProcedures = jobs.router({
  list: jobs.list.handler(async ({ input, context: { engine } }) => [...(await engine.jobs.list(input.project))]),
  run: jobs.run.handler(({ input: { project, run, ...wish }, context: { engine }, signal }) =>
    engine.jobs.run(project, { run, ...wish }, signal),
  ),
  runChain: jobs.runChain.handler(({ input: { project, chain, ...wish }, context: { engine }, signal }) =>
    engine.jobs.runChain(project, { chain, ...wish }, signal),
  ),
  measure: jobs.measure.handler(({ input, context: { engine } }) => engine.jobs.measure(input.project, input.variants)),
  log: jobs.log.handler(async ({ input, context: { engine } }) => [...(await engine.jobs.log(input))]),
  pause: jobs.pause.handler(({ input, context: { engine } }) => engine.jobs.change(input, "pause")),
  resume: jobs.resume.handler(({ input, context: { engine } }) => engine.jobs.change(input, "resume")),
  cancel: jobs.cancel.handler(({ input, context: { engine } }) => engine.jobs.change(input, "cancel")),
  archive: jobs.archive.handler(({ input: { isArchived, ...name }, context: { engine } }) =>
    engine.jobs.archive(name, isArchived),
  ),
  setPriority: jobs.setPriority.handler(({ input: { priority, ...name }, context: { engine } }) =>
    engine.jobs.setPriority(name, priority),
  ),
  results: jobs.results.handler(async ({ input, context: { engine } }) => [
    ...(await jobBlocks(await engine.projects.get(input.project), input.job)),
  ]),
  remove: jobs.remove.handler(async ({ input, context: { engine } }) => {
    await engine.jobs.remove(input);
    return {};
  }),
});
