import type { Model, Node } from "../graph/model.ts";

/** Storage buffers that every WebGPU device has for a shader (WebGPU, limit maxStorageBuffersPerShaderStage). */
const BUFFERS = 8;

/**
 * A model whose nodes that WebGPU takes on but fails to run have names of their own, and these names: the runtime
 * leaves such nodes to the CPU. Nodes inside branches are not looked at.
 */
export function withoutFailing(model: Model): { readonly model: Model; readonly onCpu: readonly string[] } {
  const taken = new Set(model.graph.nodes.map((n) => n.name));
  const onCpu: string[] = [];
  const nodes = model.graph.nodes.map((node) => {
    if (!fails(node)) return node;
    let name = node.name;
    for (let i = 0; name === ""; i++) if (!taken.has(`on-cpu-${i}`)) name = `on-cpu-${i}`;
    taken.add(name);
    onCpu.push(name);
    return { ...node, name };
  });
  return onCpu.length === 0 ? { model, onCpu } : { model: { ...model, graph: { ...model.graph, nodes } }, onCpu };
}

function fails({ domain, op, outputs }: Node): boolean {
  if (domain !== "") return false;
  switch (op) {
    // "The Indices output is not supported yet."
    case "MaxPool":
      return (outputs[1] ?? "") !== "";
    // Each output is a buffer, and one is the input's: "Too many storage buffers in shader."
    case "Split":
      return outputs.length >= BUFFERS;
    default:
      return false;
  }
}
