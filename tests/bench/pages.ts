import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { CDPSession, Page } from "playwright-core";
import { addSearch, sampleProject } from "../e2e/searched.ts";
import { chooseFile, openWorkbench, type Workbench } from "../e2e/workbench.ts";
import { cpuSeconds, serveEvents } from "./pagesProbe.ts";

interface Spread {
  readonly median: number;
  readonly p95: number;
}

/** Frames while something moved, and the page's own work in them, in milliseconds. */
interface Frames {
  readonly count: number;
  readonly frame: Spread;
  /** Share of frames that took longer than a sixtieth of a second. */
  readonly late: number;
  /** Script, style and layout of the page for each frame, in processor time. */
  readonly work: Spread;
}

export interface PagesFigures {
  readonly trials: number;
  readonly points: number;
  /** From a click on the project in the list to its name on the screen, and to the first rows of its trials. */
  readonly overview: Spread;
  readonly firstRows: Spread;
  readonly charts: Spread;
  readonly scroll: Frames;
  readonly pan: Frames;
  readonly brush: Frames;
  readonly axis: Frames;
  /** With a thousand events a second: from a key to the picture that answers it. */
  readonly events: { readonly perSecond: number; readonly input: Spread; readonly calm: Spread };
  /** Share of one core over ten seconds in which nobody does anything. */
  readonly idle: { readonly page: number; readonly engine: number };
}

const TRIALS = 100_000;
const ROUNDS = 5;

async function measure(): Promise<PagesFigures> {
  const bench = await openWorkbench();
  try {
    const work = join(bench.folder, "work");
    mkdirSync(work, { recursive: true });
    const project = await sampleProject(work, "Searched");
    await addSearch(project, TRIALS);
    project.store.close();
    const page = await bench.open();
    await page.getByRole("button", { name: /^Open project/ }).click();
    await chooseFile(page, "work", ["Searched"]);
    await page.getByRole("heading", { name: "Searched", level: 1 }).waitFor();
    const paints = await firstPaints(bench, page);
    const session = await page.context().newCDPSession(page);
    // Processor time of the page's own thread: what others do on the machine does not count.
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    const scroll = await scrolling(page, session);
    const points = await page.getByText(/of [\d,]+ selected\.|Nothing selected\./).count();
    if (points === 0) throw new Error("The charts are missing.");
    const { pan, brush, axis } = await charting(page, session);
    const idle = await idling(bench, page, session);
    return { trials: TRIALS, points: 10_000, ...paints, scroll, pan, brush, axis, idle, events: await flooding(bench) };
  } finally {
    await bench.close();
  }
}

/** Each time in a new page over a warm engine; the first round is not counted. */
async function firstPaints(
  bench: Workbench,
  opened: Page,
): Promise<Pick<PagesFigures, "overview" | "firstRows" | "charts">> {
  const [overview, firstRows, charts]: [number[], number[], number[]] = [[], [], []];
  const link = await opened
    .getByRole("navigation", { name: "Screens" })
    .getByRole("link", { name: "Trials" })
    .getAttribute("href");
  for (let round = 0; round <= ROUNDS; round++) {
    const page = await bench.open({ context: opened.context() });
    const start = performance.now();
    await page.evaluate((to) => (window.location.hash = to), link!.replace("/trials", "/overview"));
    await page.getByRole("heading", { name: "Searched", level: 1 }).waitFor();
    const seen = performance.now();
    await page.evaluate((to) => (window.location.hash = to), link!);
    await page.getByRole("grid", { name: "Trials" }).locator('[aria-rowindex="2"]').getByText("done").waitFor();
    const rows = performance.now();
    await page.getByText("Hypervolume over time").waitFor();
    if (round > 0) {
      overview.push(seen - start);
      firstRows.push(rows - seen);
      charts.push(performance.now() - seen);
    }
    await page.close();
  }
  await opened.evaluate((to) => (window.location.hash = to), link!);
  await opened.getByText("Hypervolume over time").waitFor();
  return { overview: spread(overview), firstRows: spread(firstRows), charts: spread(charts) };
}

async function scrolling(page: Page, session: CDPSession): Promise<Frames> {
  const grid = page.getByRole("grid", { name: "Trials" });
  await grid.scrollIntoViewIfNeeded();
  const box = (await grid.boundingBox())!;
  await page.mouse.move(box.x + 200, box.y + 200);
  return watchFrames(page, session, async (i) => {
    await page.mouse.wheel(0, i % 40 < 30 ? 240 : 2400);
  });
}

async function charting(page: Page, session: CDPSession): Promise<Pick<PagesFigures, "pan" | "brush" | "axis">> {
  const plot = page.getByRole("group", { name: /^Front\./ });
  await plot.scrollIntoViewIfNeeded();
  const box = (await plot.boundingBox())!;
  const around = (i: number): readonly [number, number] => [
    box.x + box.width * (0.5 + 0.4 * Math.cos(i / 9)),
    box.y + box.height * (0.5 + 0.35 * Math.sin(i / 7)),
  ];
  await page.mouse.move(box.x + 80, box.y + 60);
  await page.mouse.down();
  const brush = await watchFrames(page, session, (i) => page.mouse.move(...around(i)));
  await page.mouse.up();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Drag moves" }).first().click();
  await page.mouse.move(...around(0));
  await page.mouse.down();
  const pan = await watchFrames(page, session, (i) => page.mouse.move(...around(i)));
  await page.mouse.up();
  await page.getByRole("button", { name: "Show all", exact: true }).first().click();
  const axes = page.getByRole("group", { name: /^Parameters and results\./ });
  await axes.scrollIntoViewIfNeeded();
  const wide = (await axes.boundingBox())!;
  await page.mouse.move(wide.x + 46, wide.y + 60);
  await page.mouse.down();
  const axis = await watchFrames(page, session, (i) =>
    page.mouse.move(wide.x + 46, wide.y + 170 + 110 * Math.sin(i / 8)),
  );
  await page.mouse.up();
  await page.getByRole("button", { name: "Clear ranges" }).click();
  return { pan, brush, axis };
}

const STEPS = 120;

/** Does something every frame or so, and notes how long frames took and what the page did in them. */
async function watchFrames(page: Page, session: CDPSession, step: (i: number) => Promise<void>): Promise<Frames> {
  const work: number[] = [];
  await page.evaluate(() => {
    const times: number[] = [];
    Object.assign(window, { times });
    const look = (now: number): void => {
      times.push(now);
      if (times.length < 100_000 && (window as unknown as { times: unknown }).times === times)
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  const taskTime = async (): Promise<number> => {
    const { metrics } = await session.send("Performance.getMetrics");
    const of = (name: string): number => metrics.find((m) => m.name === name)?.value ?? 0;
    return 1000 * (of("ScriptDuration") + of("LayoutDuration") + of("RecalcStyleDuration"));
  };
  const framesSoFar = (): Promise<number> =>
    page.evaluate(() => (window as unknown as { times: number[] }).times.length);
  let [worked, seen] = [await taskTime(), await framesSoFar()];
  for (let i = 0; i < STEPS; i++) {
    await step(i);
    if (i % 6 !== 5) continue;
    const [now, frames] = [await taskTime(), await framesSoFar()];
    if (frames > seen) work.push((now - worked) / (frames - seen));
    [worked, seen] = [now, frames];
  }
  const times = await page.evaluate(() => {
    const { times } = window as unknown as { times: number[] };
    Object.assign(window, { times: undefined });
    return times;
  });
  const frames = times.slice(1).map((t, i) => t - times[i]!);
  return {
    count: frames.length,
    frame: spread(frames),
    // A frame of a screen with 60 pictures a second is 16.7 ms, give or take what the clock is off.
    late: frames.filter((f) => f > 17.5).length / frames.length,
    work: spread(work),
  };
}

async function idling({ enginePid }: Workbench, page: Page, session: CDPSession): Promise<PagesFigures["idle"]> {
  await page.waitForTimeout(3000);
  const task = async (): Promise<number> =>
    (await session.send("Performance.getMetrics")).metrics.find((m) => m.name === "TaskDuration")?.value ?? 0;
  const [before, engine] = [await task(), cpuSeconds(enginePid())];
  await page.waitForTimeout(10_000);
  return { page: ((await task()) - before) / 10, engine: (cpuSeconds(enginePid()) - engine) / 10 };
}

/** A page that hears a thousand events a second, and what it does with keys meanwhile. */
async function flooding(bench: Workbench): Promise<PagesFigures["events"]> {
  const flood = await serveEvents(bench.folder);
  try {
    const page = await (await bench.browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
    await page.goto(flood.address);
    await page.getByRole("navigation", { name: "Screens" }).waitFor();
    await page.evaluate((to) => (window.location.hash = to), flood.screen);
    await page.getByRole("heading", { name: "Jobs" }).waitFor();
    const calm = await keyDelays(page);
    flood.start(1000);
    await page.waitForTimeout(2000);
    const input = await keyDelays(page);
    const perSecond = flood.stop();
    await page.context().close();
    return { perSecond, input: spread(input), calm: spread(calm) };
  } finally {
    await flood.close();
  }
}

/** From a key that opens or closes the palette to the picture after it, as the browser's event timing tells. */
async function keyDelays(page: Page): Promise<number[]> {
  const delays: number[] = [];
  for (let i = 0; i < 30; i++) {
    const from = await page.evaluate(() => performance.now());
    await page.keyboard.press(i % 2 === 0 ? "Control+k" : "Escape");
    const to = await page.evaluate(
      () => new Promise<number>((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now())))),
    );
    delays.push(to - from);
    await page.waitForTimeout(60);
  }
  return delays;
}

function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;
  return { median: at(0.5), p95: at(0.95) };
}

const both = ({ median, p95 }: Spread): string => `${median.toFixed(1)} ms (p95 ${p95.toFixed(1)})`;
const framesText = (name: string, { count, frame, late, work }: Frames): string =>
  `  ${name}: frames ${both(frame)}, ${(100 * late).toFixed(0)} % later than 16.7 ms; the page's own work ${both(work)} a frame; ${count} frames`;

/** What the pages cost with much to show. */
export const bench = {
  id: "pages",
  title: "The workbench in a browser: 100,000 trials, 10,000 points, 1,000 events a second",
  run: measure,
  print: (f: PagesFigures): string =>
    [
      `  first paint, ${f.trials} trials: overview ${both(f.overview)}, rows of trials ${both(f.firstRows)}, all charts ${both(f.charts)}`,
      framesText("scrolling the trials", f.scroll),
      framesText(`brushing ${f.points} points`, f.brush),
      framesText(`moving ${f.points} points`, f.pan),
      framesText(`brushing ${f.points} parallel lines`, f.axis),
      `  ${f.events.perSecond.toFixed(0)} events/s: key to picture ${both(f.events.input)}; without events ${both(f.events.calm)}`,
      `  idle: page ${(100 * f.idle.page).toFixed(2)} %, engine ${(100 * f.idle.engine).toFixed(2)} % of a core`,
    ].join("\n"),
};
