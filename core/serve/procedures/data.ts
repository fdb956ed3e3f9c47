import { basename } from "node:path";
import { chooseCalibration, tryCalibration } from "../../app/calibration.ts";
import { importData } from "../../app/projectData.ts";
import { takePreparation } from "../../app/takePreparation.ts";
import { server, working } from "../base.ts";

const { data } = server;

export const dataProcedures = data.router({
  import: data.import.handler(async function* ({ input, context: { engine }, signal }) {
    return yield* working(engine, signal, async (emit, stop) => {
      const { place, name, preprocessing, splits, unreadable } = input;
      const project = await engine.projects.get(input.project);
      const path = await engine.places.resolve(place);
      emit({ kind: "stage", name: `Reading ${basename(path)}` });
      const made = await importData(project, path, {
        emit,
        signal: stop,
        name,
        preprocessing,
        ...(splits && { splits }),
        ...(unreadable && { reading: { unreadable } }),
      });
      engine.events.send({ kind: "project", project: input.project });
      return { data: made.data, counts: made.counts, reasons: [...made.reasons] };
    });
  }),
  get: data.get.handler(({ input, context: { engine } }) => engine.reading.use(input, (browser) => browser.summary())),
  samples: data.samples.handler(({ input, context: { engine } }) =>
    engine.reading.use(input, (browser) => browser.page(input, input)),
  ),
  previews: data.previews.handler(({ input, context: { engine }, signal = new AbortController().signal }) =>
    engine.reading.use(input, async (browser) => [...(await browser.previews(input.samples, input.side, signal))]),
  ),
  sample: data.sample.handler(({ input, context: { engine } }) =>
    engine.reading.use(input, (browser) => browser.detail(input.sample, input.variant)),
  ),
  predict: data.predict.handler(async function* ({ input, context: { engine }, signal }) {
    return yield* working(engine, signal, (emit, stop) =>
      engine.reading.use(input, async (browser) => ({
        samples: await browser.predict(input, { emit, signal: stop }),
      })),
    );
  }),
  tryCalibration: data.tryCalibration.handler(async function* ({ input, context: { engine }, signal }) {
    return yield* working(engine, signal, (emit, stop) =>
      engine.reading.use(input, (browser) => tryCalibration(browser, input.pick, { emit, signal: stop })),
    );
  }),
  chooseCalibration: data.chooseCalibration.handler(async ({ input, context: { engine } }) => {
    await engine.reading.use(input, (browser, project) =>
      Promise.resolve(chooseCalibration(project, browser, input.pick)),
    );
    engine.events.send({ kind: "project", project: input.project });
    return engine.reading.use(input, (browser) => browser.summary());
  }),
  takePreparation: data.takePreparation.handler(async ({ input, context: { engine } }) => {
    await engine.reading.use(input, (browser, project) =>
      Promise.resolve(takePreparation(project, browser, input.name)),
    );
    engine.events.send({ kind: "project", project: input.project });
    return engine.reading.use(input, (browser) => browser.summary());
  }),
});
