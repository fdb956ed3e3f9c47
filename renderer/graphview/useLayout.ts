import { useEffect, useState } from "react";
import type { Layout, LayoutEdge, LayoutNode } from "./layout.ts";
import type { LayoutDone, LayoutTask } from "./layoutWorker.ts";

/** Layouts by what was laid out: going back to a view draws it at once. */
const kept = new Map<string, Layout>();
const MOST_KEPT = 60;

interface Worked {
  readonly worker: Worker;
  /** The task that it is busy with. */
  busy: number | undefined;
}

let shared: Worked | undefined;
let nextId = 0;

function theWorker(): Worked {
  shared ??= {
    worker: new Worker(new URL("./layoutWorker.ts", import.meta.url), { type: "module" }),
    busy: undefined,
  };
  return shared;
}

/** Starts the thread before there is anything to lay out. */
export function warmLayout(): void {
  theWorker();
}

/** @param signal ends the work: the thread is given up where it is busy with this */
export function layOutApart(
  nodes: readonly LayoutNode[],
  edges: readonly LayoutEdge[],
  signal: AbortSignal,
): Promise<Layout> {
  const used = theWorker();
  const id = nextId++;
  return new Promise((resolve, reject) => {
    const end = (): void => {
      used.worker.removeEventListener("message", hear);
      used.worker.removeEventListener("error", fail);
      signal.removeEventListener("abort", abort);
      if (used.busy === id) used.busy = undefined;
    };
    const hear = ({ data }: MessageEvent<LayoutDone>): void => {
      if (data.id !== id) return;
      end();
      resolve(data.layout);
    };
    const fail = (event: ErrorEvent): void => {
      end();
      if (shared === used) shared = undefined;
      reject(new Error(event.message));
    };
    const abort = (): void => {
      const isBusy = used.busy === id;
      end();
      if (isBusy && shared === used) {
        used.worker.terminate();
        shared = undefined;
      }
      reject(new DOMException("Cancelled.", "AbortError"));
    };
    used.worker.addEventListener("message", hear);
    used.worker.addEventListener("error", fail);
    signal.addEventListener("abort", abort, { once: true });
    used.busy = id;
    used.worker.postMessage({ id, nodes, edges } satisfies LayoutTask);
  });
}

/** @param key names what is laid out: content of the model, and its open blocks */
export function useLayout(
  key: string,
  nodes: readonly LayoutNode[],
  edges: readonly LayoutEdge[],
): { readonly layout: Layout | undefined; readonly isCurrent: boolean } {
  const [done, setDone] = useState<{ readonly key: string; readonly layout: Layout }>();
  const known = kept.get(key);
  useEffect(() => {
    if (kept.has(key)) {
      setDone({ key, layout: kept.get(key)! });
      return;
    }
    const control = new AbortController();
    layOutApart(nodes, edges, control.signal).then(
      (layout) => {
        kept.set(key, layout);
        for (const old of [...kept.keys()].slice(0, -MOST_KEPT)) kept.delete(old);
        setDone({ key, layout });
      },
      () => undefined,
    );
    return () => control.abort();
    // What is laid out follows from the key.
  }, [key]);
  const layout = known ?? done?.layout;
  return { layout, isCurrent: known !== undefined || done?.key === key };
}
