import { normalDomain } from "../graph/domains.ts";
import type { Model, Node } from "../graph/model.ts";
import { activationOps } from "./activation.ts";
import { attentionOps } from "./attention.ts";
import { controlOps } from "./control.ts";
import { convolutionOps } from "./convolution.ts";
import type { CallShapes, OpDeclaration } from "./declare.ts";
import { elementwiseOps } from "./elementwise.ts";
import { fusedOps } from "./fused.ts";
import { imageOps } from "./image.ts";
import { indexingOps } from "./indexing.ts";
import { linearOps } from "./linear.ts";
import { lossOps } from "./losses.ts";
import { normalizationOps } from "./normalization.ts";
import { poolingOps } from "./pooling.ts";
import { quantizationOps } from "./quantization.ts";
import { reductionOps } from "./reduction.ts";
import { recurrentOps } from "./recurrent.ts";
import { samplingOps } from "./sampling.ts";
import { sequenceOps } from "./sequence.ts";
import { shapeOps } from "./shape.ts";
import { signalOps } from "./signal.ts";
import { treeOps } from "./trees.ts";

/** All declarations, op families side by side. */
export const OPS: readonly OpDeclaration[] = [
  ...convolutionOps,
  ...linearOps,
  ...fusedOps,
  ...activationOps,
  ...elementwiseOps,
  ...poolingOps,
  ...shapeOps,
  ...indexingOps,
  ...imageOps,
  ...samplingOps,
  ...signalOps,
  ...sequenceOps,
  ...normalizationOps,
  ...reductionOps,
  ...recurrentOps,
  ...attentionOps,
  ...lossOps,
  ...quantizationOps,
  ...controlOps,
  ...treeOps,
];

const BY_NAME = new Map<string, OpDeclaration[]>();
for (const declaration of OPS) {
  const key = `${declaration.domain}:${declaration.op}`;
  BY_NAME.set(
    key,
    [...(BY_NAME.get(key) ?? []), declaration].sort((a, b) => b.since - a.since),
  );
}

/** The declaration in force for an op at an operator-set version, or undefined where Lathe knows nothing of it. */
export function findOp(domain: string, op: string, version: number): OpDeclaration | undefined {
  return BY_NAME.get(`${normalDomain(domain)}:${op}`)?.find((d) => d.since <= version);
}

/** The declaration for a node of a model. */
export function opOf(node: Node, opsets: Model["opsets"]): OpDeclaration | undefined {
  return findOp(node.domain, node.op, opsets[node.domain] ?? opsets[node.domain === "" ? "ai.onnx" : node.domain] ?? 1);
}

/** Multiply–accumulates of one call; 0 for ops without a declaration. */
export function macsOf(call: CallShapes, opsets: Model["opsets"]): number {
  return opOf(call.node, opsets)?.cost(call) ?? 0;
}
