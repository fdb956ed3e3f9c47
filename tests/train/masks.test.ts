import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LatheError } from "../../core/base/error.ts";
import { floatTensor, tensorArray } from "../../core/graph/build.ts";
import type { Model } from "../../core/graph/model.ts";
import { masksOf } from "../../core/train/masks.ts";
import type { TrainOptions } from "../../core/train/train.ts";
import { smallNet } from "./models.ts";
import { run } from "./run.ts";

const WEIGHT = "layer1.weight";

function weightsOf(model: Model, name = WEIGHT): Float32Array {
  return tensorArray(model.graph.initializers.find((t) => t.name === name)!).data as Float32Array;
}

/** The small net with every n-th element of one weight at zero. */
function pruned(every: number): Model {
  const model = smallNet({ classes: 4 });
  const initializers = model.graph.initializers.map((t) =>
    t.name === WEIGHT
      ? floatTensor(
          t.name,
          t.dims,
          weightsOf(model).map((w, i) => (i % every === 0 ? 0 : w)),
        )
      : t,
  );
  return { ...model, graph: { ...model.graph, initializers } };
}

const zerosIn = (weights: Float32Array): number => weights.filter((w) => w === 0).length;

/** Sets all but the first elements of the weight to zero, more with every update. */
const shrink: NonNullable<TrainOptions["beforeUpdate"]> = (trainer, { update, of }) => {
  const size = weightsOf(smallNet({ classes: 4 })).length;
  const kept = Math.round(size * (1 - (0.5 * (update + 1)) / of));
  trainer.setMask(
    WEIGHT,
    Float32Array.from({ length: size }, (_, i) => (i < kept ? 1 : 0)),
  );
};

const everything = (model: Model): ReadonlyMap<string, Float32Array> =>
  new Map([[WEIGHT, new Float32Array(weightsOf(model).length).fill(1)]]);

describe("masks", () => {
  it("are found in weights of which a tenth or more is zero, and nowhere else", () => {
    expect([...masksOf(smallNet({ classes: 4 })).keys()]).toEqual([]);
    expect([...masksOf(pruned(20)).keys()]).toEqual([]);
    const masks = masksOf(pruned(2));
    expect([...masks.keys()]).toEqual([WEIGHT]);
    expect([...masks.get(WEIGHT)!.subarray(0, 4)]).toEqual([0, 1, 0, 1]);
  });

  it("keep pruned weights at zero through a training, unless told otherwise", async () => {
    const before = weightsOf(pruned(2));
    const kept = weightsOf((await run({ epochs: 1 }, { model: pruned(2) })).model);
    expect(kept.every((w, i) => (w === 0) === (before[i] === 0))).toBe(true);
    expect(kept.some((w, i) => w !== before[i])).toBe(true);
    const grown = weightsOf((await run({ epochs: 1, keepZeros: false }, { model: pruned(2) })).model);
    expect(zerosIn(grown)).toBe(0);
  });

  it("change between updates, also under a moving average of the weights", async () => {
    const model = smallNet({ classes: 4 });
    const asked = { model, masks: everything(model), beforeUpdate: shrink };
    const size = weightsOf(model).length;
    for (const plan of [{}, { averageDecay: 0.9 }, { accumulate: 2 }]) {
      const made = weightsOf((await run({ epochs: 2, ...plan }, asked)).model);
      expect(zerosIn(made)).toBe(size - Math.round(size * 0.5));
    }
  });
});

describe("masks and checkpoints", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "lathe-masks-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("resumes with the masks it had, to the same bytes", async () => {
    const model = smallNet({ classes: 4 });
    const asked = { model, masks: everything(model), beforeUpdate: shrink };
    const whole = await run({ epochs: 3 }, asked);
    const saving = { path: join(folder, "checkpoint"), key: "k", batches: 1 };
    const control = new AbortController();
    let updates = 0;
    const stopped = run(
      { epochs: 3 },
      {
        ...asked,
        saving,
        signal: control.signal,
        beforeUpdate: (trainer, at) => {
          shrink(trainer, at);
          if (++updates === 11) control.abort(new LatheError("cancelled", "Cancelled."));
        },
      },
    );
    await expect(stopped).rejects.toThrow(LatheError);
    expect((await run({ epochs: 3 }, { ...asked, saving })).bytes).toBe(whole.bytes);
  });
});
