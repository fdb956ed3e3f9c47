import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { float32 } from "../../core/base/array.ts";
import { editGraph } from "../../core/graph/edit.ts";
import { floatTensor, graph, model, node, value } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import { withSession } from "../../core/runtime/session.ts";
import { estimateMemory } from "../../core/train/memory.ts";
import { buildStep, type StepPlan } from "../../core/train/stepGraph.ts";
import { startTrainer, type StepResult, type Trainer } from "../../core/train/trainer.ts";
import { smallNet } from "./models.ts";
import { run } from "./run.ts";

const ROWS = 50;
const WIDTH = 40;
const RATIO = 0.25;

/** y = dropout(x + w), one weight per element, so that the gradient of Σ½y² shows the mask. */
function droppedSum(inputs: readonly string[] = ["s", "ratio"], outputs: readonly string[] = ["y"]): Model {
  return model(
    graph({
      inputs: [value("x", "float32", ["batch", WIDTH])],
      outputs: [value("y", "float32", ["batch", WIDTH])],
      nodes: [node("Add", [["x", "w"], ["s"]]), node("Dropout", [inputs, outputs], { name: "drop" })],
      initializers: [
        floatTensor("w", [ROWS, WIDTH], new Float32Array(ROWS * WIDTH)),
        floatTensor("ratio", [], [RATIO]),
      ],
    }),
  );
}

const PLAN: StepPlan = { heads: [{ loss: { kind: "mse" } }], optimizer: { kind: "sgd", momentum: 0 } };

interface Case {
  readonly plan?: Partial<StepPlan>;
  readonly seed?: number;
  readonly model?: Model;
}

async function withTrainer<T>({ plan, seed, ...made }: Case, use: (trainer: Trainer) => Promise<T>): Promise<T> {
  const step = await buildStep(made.model ?? droppedSum(), { ...PLAN, ...plan }, { host: nodeHost });
  const trainer = await startTrainer(step, { host: nodeHost, ...(seed !== undefined && { seed }) });
  try {
    return await use(trainer);
  } finally {
    await trainer.close();
  }
}

const ones = float32([ROWS, WIDTH], new Float32Array(ROWS * WIDTH).fill(1));
const zeros = float32([ROWS, WIDTH], new Float32Array(ROWS * WIDTH));

const step = (trainer: Trainer, number: number): Promise<StepResult> =>
  trainer.step({ x: ones, [trainer.graph.heads[0]!.target]: zeros }, { rate: 0, step: number });

/** What a step that changes nothing loses on ones: the mean of the squared masks. */
const losses = (made: Case, numbers: readonly number[]): Promise<number[]> =>
  withTrainer(made, async (trainer) => {
    const found: number[] = [];
    for (const number of numbers) found.push((await step(trainer, number)).loss);
    return found;
  });

describe("dropout in training", () => {
  it("sets the share that it names to zero, scales the rest, and its gradient does the same", async () => {
    const weights = await withTrainer({}, async (trainer) => {
      await trainer.step({ x: ones, [trainer.graph.heads[0]!.target]: zeros }, { rate: -1, step: 1 });
      return trainer.state().get("w")!.data as Float32Array;
    });
    const count = ROWS * WIDTH;
    const dropped = weights.filter((w) => w === 0).length;
    expect(Math.abs(dropped / count - RATIO)).toBeLessThan(4 * Math.sqrt((RATIO * (1 - RATIO)) / count));
    // d/dw mean((m·(x + w))²) = 2·m²·x/n with m = 1/(1 − p)
    const kept = weights.filter((w) => w !== 0);
    for (const w of kept) expect(w).toBeCloseTo((2 * (1 / (1 - RATIO)) ** 2) / count, 9);
  });

  it("draws by seed, update and batch alone", async () => {
    const [first, second, again] = await losses({}, [1, 2, 1]);
    expect(again).toBe(first);
    expect(second).not.toBe(first);
    expect(await losses({ seed: 0 }, [1])).toEqual([first]);
    expect(await losses({ seed: 1 }, [1])).not.toEqual([first]);
  });

  it("draws anew for each batch of one update", async () => {
    const [first, second, third, fourth] = await losses({ plan: { accumulate: 2 } }, [1, 1, 1, 1]);
    expect(second).not.toBe(first);
    expect([third, fourth]).toEqual([first, second]);
  });

  it("is off where the plan, a frozen node or a ratio of zero says so", async () => {
    const never = droppedSum(["s", "zero"]);
    const zero = {
      ...never,
      graph: { ...never.graph, initializers: [...never.graph.initializers, floatTensor("zero", [], [0])] },
    };
    for (const made of [{ plan: { dropout: false } }, { plan: { freeze: ["drop"] } }, { model: zero }]) {
      expect(await losses(made, [1])).toEqual([1]);
    }
  });

  it("takes a ratio of one half where the node has none", async () => {
    const [loss = 0] = await losses({ model: droppedSum(["s"]) }, [1]);
    // The mean of m² is 1/(1 − p).
    expect(Math.abs(loss - 2)).toBeLessThan(0.3);
  });

  it("still tells what it kept", async () => {
    const told = droppedSum(["s", "ratio"], ["z", "mask"]);
    const nodes = [
      ...told.graph.nodes,
      node("Cast", [["mask"], ["m"]], { attributes: { to: 1 } }),
      node("Mul", [["z", "m"], ["y"]]),
    ];
    const masked = { ...told, graph: { ...told.graph, nodes } };
    expect(await losses({ model: masked }, [1, 2])).toEqual(await losses({ model: renamed(masked) }, [1, 2]));
    expect((await losses({ model: masked }, [1]))[0]).toBeGreaterThan(1.2);
  });

  it("is the identity again in the model that comes out", async () => {
    await withTrainer({}, async (trainer) => {
      await step(trainer, 1);
      const made = trainer.model();
      expect(made.graph.nodes.map((n) => n.op)).toEqual(["Add", "Dropout"]);
      expect(made.graph.inputs.map((i) => i.name)).toEqual(["x"]);
      const { y } = await withSession(made, { host: nodeHost }, (s) => s.run({ x: ones }));
      expect(y!.data).toEqual(ones.data);
    });
  });

  it("counts its masks as memory", async () => {
    const build = (dropout: boolean) => () =>
      buildStep(smallNetWithDropout(), { ...PLAN, dropout }, { host: nodeHost });
    const [off] = await estimateMemory([64], { host: nodeHost, build: build(false) });
    const [on] = await estimateMemory([64], { host: nodeHost, build: build(true) });
    expect(on!.rest - off!.rest).toBeGreaterThanOrEqual(64 * 16 * 4);
  });
});

/** The same model without what the mask's second output is used for. */
function renamed({ graph: whole, ...rest }: Model): Model {
  const nodes = [
    whole.nodes[0]!,
    node("Dropout", [["s", "ratio"], ["z"]], { name: "drop" }),
    node("Identity", [["z"], ["y"]]),
  ];
  return { ...rest, graph: { ...whole, nodes } };
}

/** A dropout between the pooled features and the linear layer. */
function smallNetWithDropout(): Model {
  const plain = smallNet({ classes: 4 });
  const edited = editGraph(plain.graph, (edit) => {
    const last = plain.graph.nodes.find((n) => n.op === "Gemm")!;
    edit.add(node("Dropout", [["flat", "ratio"], ["dropped"]], { name: "drop" }));
    edit.setInitializer(floatTensor("ratio", [], [0.3]));
    edit.replace(last, { ...last, inputs: ["dropped", ...last.inputs.slice(1)] });
  });
  return { ...plain, graph: edited };
}

describe("a training with dropout", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "lathe-dropout-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const made = smallNetWithDropout();

  it("learns, differs from one without, and gives the same bytes twice", async () => {
    const [one, two] = [await run({}, { model: made }), await run({}, { model: made })];
    expect(one.bytes).toBe(two.bytes);
    const [off, plain] = [await run({ dropout: false }, { model: made }), await run({})];
    expect(off.history).toEqual(plain.history);
    expect(one.history).not.toEqual(off.history);
    const other = await run({ epochs: 1 }, { model: made, seed: 2 });
    expect(other.history[0]).not.toEqual(one.history[0]);
    expect(one.history.at(-1)!.loss).toBeLessThan(one.history[0]!.loss);
  });

  it("goes on to the same bytes after a stop in the middle", async () => {
    const whole = await run({ accumulate: 3 }, { model: made });
    const saving = { path: join(folder, "checkpoint"), key: "k", batches: 1 };
    const control = new AbortController();
    let batches = 0;
    const clock = { ...nodeHost.clock, milliseconds: () => ++batches * 1000 };
    const stopped = run(
      { accumulate: 3 },
      {
        model: made,
        saving,
        host: { ...nodeHost, clock },
        signal: control.signal,
        emit: (e) => {
          if (e.kind === "progress" && e.done === 5) control.abort();
        },
      },
    );
    await expect(stopped).rejects.toThrow();
    const resumed = await run({ accumulate: 3 }, { model: made, saving });
    expect(resumed.events).toContainEqual({ kind: "message", level: "info", text: "Resuming in epoch 1, batch 6." });
    expect(resumed.bytes).toBe(whole.bytes);
  });

  it("loses the same on the lowered graph", async () => {
    const [lowered, plain] = [await run({}, { model: made }), await run({}, { model: made, isLowered: false })];
    lowered.history.forEach((h, i) => expect(h.loss).toBeCloseTo(plain.history[i]!.loss, 3));
  });
});
