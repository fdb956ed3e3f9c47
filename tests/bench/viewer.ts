import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { importModel } from "../../core/app/importModel.ts";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { createProject } from "../../core/app/project.ts";
import { findParts } from "../../core/graph/parts.ts";
import { encodeModel } from "../../core/onnx/encode.ts";
import { layoutNodes } from "../../renderer/graphview/parts.ts";
import { layOut } from "../../renderer/graphview/layout.ts";
import type { ModelPart } from "../../core/contract/modelView.ts";
import { button, chooseFile, openWorkbench } from "../e2e/workbench.ts";
import { longModel } from "../graph/longModel.ts";

interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** Milliseconds. */
export interface ViewerFigures {
  readonly nodes: number;
  readonly rounds: number;
  /** From the click on "Model" to the first block that is drawn, with an engine that has not seen the model. */
  readonly cold: Spread;
  /** The same, where the engine has it open. */
  readonly warm: Spread;
  /** From the key that opens a block of 31 parts to its parts. */
  readonly expand: Spread;
  /** Finding the blocks, in the engine. */
  readonly blocks: Spread;
  /** Laying out 300 parts, in the page's thread. */
  readonly layout: Spread;
}

const NODES = 5000;
const ROUNDS = 5;
/** Milliseconds after which nothing will be drawn any more. */
const LONGEST = 60_000;

/** Time from now until something that fits is drawn, as the page sees it. */
function untilDrawn(page: Page, selector: string, start: string): Promise<number> {
  return page.evaluate(
    ([wanted, clicked, longest]) =>
      new Promise<number>((resolve, reject) => {
        const from = performance.now();
        const look = (): void => {
          if (performance.now() - from > longest) reject(new Error(`Nothing fits ${wanted} after ${longest} ms.`));
          else if (document.querySelector(wanted) === null) requestAnimationFrame(look);
          else requestAnimationFrame(() => resolve(performance.now() - from));
        };
        const target = document.querySelector<HTMLElement>(clicked);
        if (target === null) throw new Error(`There is no ${clicked}.`);
        if (target.role === "treeitem") target.dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
        else target.click();
        requestAnimationFrame(look);
      }),
    [selector, start, LONGEST] as const,
  );
}

async function measurePages(): Promise<Pick<ViewerFigures, "cold" | "warm" | "expand">> {
  const bench = await openWorkbench();
  try {
    const file = join(bench.folder, "long.onnx");
    writeFileSync(file, encodeModel(longModel(NODES)));
    const project = await createProject(join(bench.folder, "work", "long"), {}, nodeHost);
    await importModel(project, file, { signal: new AbortController().signal, emit: () => undefined });
    project.store.close();
    const page = await bench.open();
    await page.keyboard.press("Control+o");
    await chooseFile(page, "work", ["long"]);
    await page.getByRole("heading", { name: "Baseline: long" }).waitFor();
    const [cold, warm, expand]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round <= ROUNDS; round++) {
      await bench.restart();
      await page.reload();
      const overview = page.getByRole("link", { name: "Overview" });
      await overview.click();
      await page.getByRole("heading", { name: "Baseline: long" }).waitFor();
      cold.push(await untilDrawn(page, ".graph-part", 'a[href$="/model"]'));
      await overview.click();
      await page.getByRole("heading", { name: "Baseline: long" }).waitFor();
      warm.push(await untilDrawn(page, ".graph-part", 'a[href$="/model"]'));
      const section = page.getByRole("treeitem", { name: /^Section / }).first();
      const id = await section.getAttribute("aria-label");
      expand.push(
        await untilDrawn(page, '.graph-part[aria-label^="Block Conv_"]', `[role=treeitem][aria-label="${id ?? ""}"]`),
      );
      await button(page, "Collapse all").click();
    }
    // The first round compiles and fills caches.
    return { cold: spread(cold.slice(1)), warm: spread(warm.slice(1)), expand: spread(expand.slice(1)) };
  } finally {
    await bench.close();
  }
}

function timesOf(work: () => unknown): Spread {
  const times: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const from = performance.now();
    work();
    times.push(performance.now() - from);
  }
  return spread(times.slice(1));
}

/** Three hundred parts with a shortcut over every third. */
function manyParts(): {
  readonly parts: ModelPart[];
  readonly edges: { readonly from: string; readonly to: string }[];
} {
  const parts = Array.from({ length: 300 }, (_, i): ModelPart => {
    const id = `n${i}`;
    return {
      id,
      within: null,
      form: "op",
      label: id,
      name: id,
      op: "Conv",
      ops: 1,
      parts: 0,
      isOpen: false,
      figures: {},
    };
  });
  const edges = parts.flatMap(({ id }, i) => [
    ...(i > 0 ? [{ from: `n${i - 1}`, to: id }] : []),
    ...(i % 3 === 0 && i > 3 ? [{ from: `n${i - 4}`, to: id }] : []),
  ]);
  return { parts, edges };
}

function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)] ?? NaN, low: sorted[0] ?? NaN, high: sorted.at(-1) ?? NaN };
}

const ms = ({ median, low, high }: Spread): string => `${median.toFixed(0)} ms (${low.toFixed(0)}–${high.toFixed(0)})`;

/** How soon a large model is there to look at. Needs `npm run build`. */
export const bench = {
  id: "viewer",
  title: "A model of 5,000 nodes in the viewer, in Chromium, from lathe serve",
  run: async (): Promise<ViewerFigures> => {
    const built = longModel(NODES);
    const { parts, edges } = manyParts();
    const nodes = layoutNodes(parts);
    const pages = await measurePages();
    return {
      nodes: NODES,
      rounds: ROUNDS,
      ...pages,
      blocks: timesOf(() => findParts(built)),
      layout: timesOf(() => layOut(nodes, edges)),
    };
  },
  print: ({ rounds, cold, warm, expand, blocks, layout }: ViewerFigures): string =>
    [
      `  from the click to the first block drawn: ${ms(cold)} with a fresh engine, ${ms(warm)} again; ${rounds} rounds`,
      `  opening a block: ${ms(expand)}`,
      `  finding the blocks: ${ms(blocks)}; laying out 300 parts: ${ms(layout)}`,
    ].join("\n"),
};
