import { elementCount, toFloat32, type NdArray } from "../base/array.ts";
import { LatheError } from "../base/error.ts";
import type { Host } from "../base/host.ts";
import type { Batch } from "../data/batches.ts";
import type { Model } from "../graph/model.ts";
import { indexGraph } from "../graph/uses.ts";
import { openSession, type SessionOptions } from "../runtime/session.ts";
import { freeBatch } from "./freeBatch.ts";
import { lossOf } from "./losses.ts";

/** Where in a training a batch is. */
export interface TeachAt {
  /** From 0. */
  readonly epoch: number;
  /** Number in its epoch, from 0. */
  readonly batch: number;
}

/** Targets that are not labels, one per head of the plan; undefined leaves a head to the labels. */
export type Teach = (batch: Batch, at: TeachAt) => Promise<readonly (NdArray | undefined)[]>;

/** A frozen model that is asked about the batches a student sees. */
export interface Teacher {
  /** Values that `ask` gives, in order. */
  readonly values: readonly string[];
  /** @param input [n, ...] as the teacher takes it */
  ask(input: NdArray): Promise<readonly NdArray[]>;
  close(): Promise<void>;
}

export interface TeacherOptions {
  /** Values of the teacher's graph to give; default: its logits. */
  readonly values?: readonly string[];
  readonly session: SessionOptions;
  readonly host: Host;
  readonly signal: AbortSignal;
}

/**
 * Opens a model as a teacher. Whoever opened it closes it.
 * @param model constants in memory; one input
 * @throws unsupported for several inputs; not-found for a value that is not in the graph
 */
export async function openTeacher(model: Model, options: TeacherOptions): Promise<Teacher> {
  const free = (await freeBatch(model, options)) ?? model;
  const [input, ...more] = free.graph.inputs;
  if (input === undefined || more.length > 0) {
    throw new LatheError("unsupported", `A teacher has one input, this one has "${free.graph.inputs.length}".`, {
      hint: "Choose another teacher.",
    });
  }
  const values = options.values ?? [logitsOf(free)];
  const { producer } = indexGraph(free.graph);
  const missing = values.find((value) => !producer.has(value));
  if (missing !== undefined) {
    throw new LatheError("not-found", `The teacher has no value "${missing}".`, {
      hint: '"lathe inspect" lists the nodes and what they make.',
    });
  }
  const known = new Map(free.graph.outputs.map((o) => [o.name, o]));
  const outputs = values.map((name) => known.get(name) ?? { name });
  const asked = Object.freeze({ ...free, graph: Object.freeze({ ...free.graph, outputs }) });
  const session = await openSession(asked, options.session, options.host);
  return {
    values,
    ask: async (batch) => {
      const found = await session.run({ [input.name]: batch });
      return values.map((value) => {
        const array = found[value]!;
        return { type: "float32", dims: array.dims, data: toFloat32(array) };
      });
    },
    close: () => session.close(),
  };
}

/** The scores before the activation that the loss brings itself; the first output where there is none. */
export function logitsOf({ graph }: Model): string {
  const output = graph.outputs[0]?.name ?? "";
  const maker = indexGraph(graph).producer.get(output);
  const { activation } = lossOf({ kind: "kl" });
  return maker !== undefined && maker.op === activation ? (maker.inputs[0] ?? output) : output;
}

/**
 * The teacher's logits as targets of one head.
 * @param head position of the head among the plan's
 * @throws unsupported where teacher and student have different numbers of classes
 */
export function teachLogits(teacher: Teacher, head: number, classes: number | undefined): Teach {
  return async ({ input }) => {
    const [logits] = await teacher.ask(input);
    const size = logits === undefined ? 0 : elementCount(logits.dims.slice(1));
    if (classes !== undefined && size !== classes) {
      throw new LatheError("unsupported", `The teacher has "${size}" classes and the student ${classes}.`, {
        hint: "Choose a teacher that was trained on the same classes.",
      });
    }
    return Array.from({ length: head + 1 }, (_, i) => (i === head ? logits : undefined));
  };
}
