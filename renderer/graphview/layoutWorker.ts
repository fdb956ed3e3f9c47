import { layOut, type Layout, type LayoutEdge, type LayoutNode } from "./layout.ts";

export interface LayoutTask {
  readonly id: number;
  readonly nodes: readonly LayoutNode[];
  readonly edges: readonly LayoutEdge[];
}

export interface LayoutDone {
  readonly id: number;
  readonly layout: Layout;
}

self.addEventListener("message", ({ data }: MessageEvent<LayoutTask>) => {
  self.postMessage({ id: data.id, layout: layOut(data.nodes, data.edges) } satisfies LayoutDone);
});
