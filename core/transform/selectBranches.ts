import { intTensor, node as makeNode } from "../graph/build.ts";
import { removeDeadNodes } from "../graph/edit.ts";
import type { Graph, Node, Tensor } from "../graph/model.ts";
import { freshNames, indexGraph } from "../graph/uses.ts";
import { sortNodes } from "../graph/order.ts";
import { renamed, renaming } from "./inlineNodes.ts";

/** Key in a node's metadata: it selects between the branches of the If of that name. */
const BRANCHES = "lathe.branches";

/** One output of an If, and what either branch gives for it. */
export interface Selection {
  readonly output: string;
  readonly branches: readonly [string, string];
}

/**
 * Puts both branches of every If in place of it, and a choice between what they give: y = Where(condition, then, else).
 * Where either branch can be computed that is the same, and gradients flow through the one that is taken, since those of
 * the other are multiplied with nothing. `joinBranches` is the way back.
 * @param graph without functions
 */
export function selectBranches(graph: Graph): { readonly graph: Graph; readonly selections: readonly Selection[] } {
  const fresh = freshNames(graph);
  const initializers: Tensor[] = [...graph.initializers];
  const selections: Selection[] = [];
  const expand = (node: Node): readonly Node[] => {
    const [yes, no] = [node.attributes["then_branch"], node.attributes["else_branch"]];
    if (node.op !== "If" || node.domain !== "" || yes?.kind !== "graph" || no?.kind !== "graph") return [node];
    const bodies = [yes.value, no.value];
    if (bodies.some((b) => b.sparseInitializers.length > 0)) return [node];
    const prefix = node.name || (node.outputs[0] ?? "If");
    // A condition of shape [1] must not give its dimension to scalars.
    const scalar = fresh(`${prefix}.scalar`);
    const condition = fresh(`${prefix}.condition`);
    initializers.push(intTensor(scalar, [0], []));
    const made = bodies.map((body, i) =>
      moved(body, { prefix: `${prefix}.${i === 0 ? "then" : "else"}`, fresh, initializers }),
    );
    const choices = node.outputs.flatMap((output, slot): Node[] => {
      if (output === "") return [];
      const [a, b] = made.map((m) => m.outputs[slot] ?? "") as [string, string];
      selections.push({ output, branches: [a, b] });
      const choice = makeNode("Where", [[condition, a, b], [output]], { name: fresh(`${prefix}.select`) });
      return [{ ...choice, metadata: { [BRANCHES]: prefix } }];
    });
    const shaped = makeNode("Reshape", [[node.inputs[0] ?? "", scalar], [condition]], {
      name: fresh(`${prefix}.reshape`),
    });
    return [shaped, ...made.flatMap((m) => m.nodes).flatMap(expand), ...choices];
  };
  const nodes = graph.nodes.flatMap(expand);
  if (selections.length === 0) return { graph, selections };
  return { graph: removeDeadNodes(Object.freeze({ ...graph, nodes, initializers })), selections };
}

interface Moving {
  readonly prefix: string;
  readonly fresh: (wish: string) => string;
  readonly initializers: Tensor[];
}

/** The nodes of a body under names of the graph around it, and what its outputs are called there. */
function moved(
  body: Graph,
  { prefix, fresh, initializers }: Moving,
): { readonly nodes: readonly Node[]; readonly outputs: readonly string[] } {
  const given = new Map<string, string>();
  for (const t of body.initializers) {
    const name = fresh(`${prefix}.${t.name}`);
    given.set(t.name, name);
    initializers.push(Object.freeze({ ...t, name }));
  }
  const rename = renaming(body.nodes, { given, fresh, prefix });
  const nodes = renamed(body.nodes, { rename, name: (name) => fresh(`${prefix}.${name || "node"}`) });
  return { nodes, outputs: body.outputs.map((o) => rename(o.name)) };
}

/**
 * Makes an If again of every choice that `selectBranches` made: what only one branch needs moves into it, also what was
 * added since, so that the branch that is not taken costs nothing. Constants stay where they are.
 */
export function joinBranches(graph: Graph): Graph {
  const chosen = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    const branches = node.op === "Where" ? node.metadata?.[BRANCHES] : undefined;
    if (branches !== undefined) chosen.set(branches, [...(chosen.get(branches) ?? []), node]);
  }
  // The last ones first: an If within a branch is a node of that branch.
  return [...chosen].reduce((joined, [name, choices]) => joinOne(joined, name, choices), graph);
}

function joinOne(graph: Graph, name: string, choices: readonly Node[]): Graph {
  const fresh = freshNames(graph);
  const bodies = ([1, 2] as const).map((slot): Graph => bodyOf(graph, { choices, slot, fresh }));
  const gone = new Set([...choices, ...bodies.flatMap((b) => b.nodes)]);
  const [first] = choices;
  const joined: Node = {
    ...makeNode("If", [[first?.inputs[0] ?? ""], choices.map((c) => c.outputs[0] ?? "")], { name }),
    attributes: {
      then_branch: { kind: "graph", value: bodies[0]! },
      else_branch: { kind: "graph", value: bodies[1]! },
    },
  };
  const at = graph.nodes.indexOf(first!);
  const nodes = graph.nodes.flatMap((n, i) => (i === at ? [joined] : gone.has(n) ? [] : [n]));
  return Object.freeze({ ...graph, nodes: sortNodes(nodes) });
}

interface Joining {
  readonly choices: readonly Node[];
  /** Input of the choices that the branch gives. */
  readonly slot: 1 | 2;
  readonly fresh: (wish: string) => string;
}

function bodyOf(graph: Graph, { choices, slot, fresh }: Joining): Graph {
  const index = indexGraph(graph);
  const isEnd = (node: Node, at: number): boolean => choices.includes(node) && at === slot;
  const inside = new Set<Node>();
  for (const node of graph.nodes.toReversed()) {
    const uses = node.outputs.flatMap((o) => index.usesOf(o));
    const isOutput = node.outputs.some((o) => index.isOutput(o));
    if (uses.length > 0 && !isOutput && uses.every((u) => isEnd(u.node, u.slot) || inside.has(u.node)))
      inside.add(node);
  }
  const own = new Set([...inside].flatMap((n) => n.outputs));
  const copies: Node[] = [];
  const given = new Set<string>();
  const outputs = choices.map((choice) => {
    const made = choice.inputs[slot] ?? "";
    // A body gives what it makes itself, and each of it once.
    if (own.has(made) && !given.has(made)) {
      given.add(made);
      return { name: made };
    }
    const copy = fresh(`${choice.outputs[0] ?? ""}.${slot === 1 ? "then" : "else"}`);
    copies.push(makeNode("Identity", [[made], [copy]], { name: copy }));
    return { name: copy };
  });
  const nodes = [...graph.nodes.filter((n) => inside.has(n)), ...copies];
  return Object.freeze<Graph>({
    ...{ name: slot === 1 ? "then" : "else", inputs: [], outputs, values: [], initializers: [] },
    ...{ sparseInitializers: [], nodes, annotations: [] },
  });
}
