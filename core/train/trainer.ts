import { elementCount, type NdArray } from "../base/array.ts";
import { LatheError } from "../base/error.ts";
import type { Host } from "../base/host.ts";
import { tensor } from "../graph/build.ts";
import type { Model, Tensor } from "../graph/model.ts";
import { openSession, type Session, type SessionOptions } from "../runtime/session.ts";
import { openDeviceState, type DeviceState } from "./deviceState.ts";
import { drawMask } from "./dropout.ts";
import { startingArray, type Phase, type Slot } from "./slots.ts";
import type { StepGraph } from "./stepGraph.ts";

/** What one step is given besides the state: inputs and targets by the names of the graph's inputs. */
export type StepFeeds = Readonly<Record<string, NdArray>>;

export interface StepResult {
  /** Weighted sum of the losses. */
  readonly loss: number;
  /** Loss of each head, in the order of the plan. */
  readonly heads: readonly number[];
  /** Length of the gradient before clipping, on steps that update clipped weights. */
  readonly norm: number | undefined;
  /** Whether the weights changed: not on steps that only add up gradients. */
  readonly isUpdate: boolean;
}

export interface StepSettings {
  readonly rate: number;
  /** Number of the update, from 1. */
  readonly step: number;
  /** Share of the old average that is kept; only with an average. */
  readonly keep?: number;
}

/** A training under way: the state and the sessions that change it. */
export interface Trainer {
  readonly graph: StepGraph;
  /** Runs one batch. With accumulation every so many batches end in an update. */
  step(feeds: StepFeeds, settings: StepSettings): Promise<StepResult>;
  /** All state by key. The arrays are live: the second step from now writes into them. */
  state(): ReadonlyMap<string, NdArray>;
  /** Batches since the last update. */
  readonly pending: number;
  /** Puts state back. @throws invalid-argument where keys or shapes differ */
  restore(state: ReadonlyMap<string, NdArray>, pending: number): void;
  /** Replaces the mask of a weight and applies it. A scored weight gets back what its mask no longer hides. */
  setMask(weight: string, mask: Float32Array): void;
  /** Copies of the arrays that make up a model, by the names of its constants. */
  arrays(which?: "current" | "average"): ReadonlyMap<string, NdArray>;
  /** The model with the current weights, in inference form; the averaged ones where there are such and they are asked for. */
  model(which?: "current" | "average"): Model;
  /**
   * Brings the state from the device, where it is kept there; the other calls give it as it was when this was last done.
   * Elsewhere there is nothing to do.
   */
  download(): Promise<void>;
  close(): Promise<void>;
}

interface Running {
  readonly phase: Phase;
  readonly session: Session;
}

export interface TrainerOptions extends SessionOptions {
  readonly host: Host;
  /** Seed of what the steps draw: dropout. Default 0. */
  readonly seed?: number;
  /** Whether the state stays on the device between steps, on the webgpu provider; see `download`. Default false. */
  readonly isResident?: boolean;
}

/** Opens the sessions of a training at its starting state. */
export async function startTrainer(
  graph: StepGraph,
  { host, seed = 0, isResident = false, ...options }: TrainerOptions,
): Promise<Trainer> {
  const open: Running[] = [];
  let store: DeviceState | undefined;
  // A product and an addition are faster than one Gemm, which copies the bias to every row first, on one core.
  const settings = { memoryPattern: false, withoutRewrites: ["MatMulAddFusion"], ...options };
  const close = async (): Promise<void> => {
    await store?.close();
    for (const { session } of open) await session.close();
  };
  try {
    for (const phase of [graph.batch, graph.update]) {
      if (phase === undefined) continue;
      const resident = isResident ? { resident: [...phase.writes.keys()] } : {};
      open.push({ phase, session: await openSession(phase.model, { ...settings, ...resident }, host) });
    }
    if (isResident) store = await openDeviceState(graph, settings, host);
  } catch (thrown) {
    await close();
    throw thrown;
  }
  const [batch, update] = open;
  if (batch === undefined) throw new LatheError("internal", "A training has no graph.");
  return makeTrainer(graph, { batch, update, seed, store, close });
}

function makeTrainer(
  graph: StepGraph,
  {
    batch,
    update,
    seed,
    store,
    close,
  }: {
    readonly batch: Running;
    readonly update: Running | undefined;
    readonly seed: number;
    readonly store: DeviceState | undefined;
    readonly close: () => Promise<void>;
  },
): Trainer {
  // Two arrays per slot: a step reads one and writes the other, then they change places.
  const current = new Map<Slot, NdArray>(graph.slots.map((s) => [s, startingArray(s)]));
  const written = new Set([batch, ...(update ? [update] : [])].flatMap((r) => [...r.phase.writes.values()]));
  const spare = new Map<Slot, NdArray>([...written].map((s) => [s, startingArray(s)]));
  const sums = graph.slots.filter((s) => s.kind === "gradient");
  const { rate, step, keep, norm } = graph.scalars;
  let pending = 0;

  const run = async ({ phase, session }: Running, feeds: StepFeeds): Promise<Readonly<Record<string, NdArray>>> => {
    if (store !== undefined) return store.run({ phase, session }, feeds, (slot) => current.get(slot)!);
    const state = Object.fromEntries(phase.reads.map((s) => [s.input, current.get(s)!]));
    const into = Object.fromEntries([...phase.writes].map(([name, s]) => [name, spare.get(s)!]));
    const results = await session.run({ ...feeds, ...state }, undefined, into);
    for (const slot of phase.writes.values()) {
      const held = current.get(slot)!;
      current.set(slot, spare.get(slot)!);
      spare.set(slot, held);
    }
    return results;
  };
  const scalarsFor = (settings: StepSettings): StepFeeds => ({
    [rate]: scalar(settings.rate),
    [step]: scalar(settings.step),
    ...(keep !== undefined && { [keep]: scalar(settings.keep ?? 0) }),
  });
  const masksFor = (feeds: StepFeeds, { step }: StepSettings): StepFeeds => {
    const samples = feeds[graph.inference.graph.inputs[0]?.name ?? ""]?.dims[0] ?? 1;
    return Object.fromEntries(
      graph.dropouts.map((m) => [m.input, drawMask(m, { samples, seed, step, part: pending })]),
    );
  };
  const fill = (slot: Slot, x: number): void => void (current.get(slot)!.data as Float32Array).fill(x);

  const arrays = (which: "current" | "average" = "current"): ReadonlyMap<string, NdArray> => {
    const kinds = which === "average" ? ["average"] : ["weight", "statistic"];
    const found = new Map(
      graph.slots.flatMap((s) => (kinds.includes(s.kind) ? [[s.of, copyOf(current.get(s)!)]] : [])),
    );
    // An average remembers what a weight was before its mask changed.
    for (const slot of graph.slots) {
      if (slot.kind === "mask") multiply(found.get(slot.of), current.get(slot)!);
    }
    return found;
  };

  return {
    graph,
    get pending() {
      return pending;
    },
    step: async (feeds, settings) => {
      const shared = update === undefined ? scalarsFor(settings) : {};
      if (pending === 0) {
        for (const sum of sums) fill(sum, 0);
        store?.drop(sums);
      }
      const results = await run(batch, { ...feeds, ...shared, ...masksFor(feeds, settings) });
      pending = (pending + 1) % graph.accumulate;
      const isUpdate = pending === 0;
      const last = update === undefined ? results : isUpdate ? await run(update, scalarsFor(settings)) : {};
      return {
        loss: numberOf(results[graph.total]),
        heads: graph.heads.map((h) => numberOf(results[h.loss])),
        norm: norm === undefined || !isUpdate ? undefined : numberOf(last[norm]),
        isUpdate,
      };
    },
    state: () => new Map([...current].map(([slot, array]) => [slot.key, array])),
    restore: (state, count) => {
      for (const slot of graph.slots) {
        const found = state.get(slot.key);
        if (found?.data.length !== elementCount(slot.dims)) {
          throw new LatheError("invalid-argument", `The state has no "${slot.key}" of [${slot.dims.join(",")}].`, {
            hint: "It is from another model or another recipe.",
          });
        }
        (current.get(slot)!.data as Float32Array).set(found.data as Float32Array);
      }
      store?.drop(graph.slots);
      pending = count;
    },
    setMask: (weight, mask) => {
      const [own, slot] = ["weight", "mask"].map((kind) => graph.slots.find((s) => s.kind === kind && s.of === weight));
      if (own === undefined || slot === undefined || mask.length !== elementCount(own.dims)) {
        throw new LatheError("invalid-argument", `The weight "${weight}" has no mask of "${mask.length}" elements.`, {
          hint: "Name it among the masked weights of the plan.",
        });
      }
      (current.get(slot)!.data as Float32Array).set(mask);
      const dense = graph.slots.find((s) => s.kind === "dense" && s.of === weight);
      if (dense !== undefined) (current.get(own)!.data as Float32Array).set(current.get(dense)!.data as Float32Array);
      multiply(current.get(own), current.get(slot)!);
      store?.drop([own, slot]);
    },
    arrays,
    model: (which) => withConstants(graph.inference, arrays(which)),
    download: async () => store?.download((slot) => current.get(slot)!),
    close,
  };
}

/** A model with other values in some of its constants. */
export function withConstants(model: Model, values: ReadonlyMap<string, NdArray>): Model {
  const initializers = model.graph.initializers.map((constant): Tensor => {
    const array = values.get(constant.name);
    return array === undefined ? constant : { ...constant, ...tensor(constant.name, array) };
  });
  return Object.freeze({ ...model, graph: Object.freeze({ ...model.graph, initializers }) });
}

function copyOf(array: NdArray): NdArray {
  return { ...array, data: Float32Array.from(array.data as Float32Array) };
}

/** Multiplies values with a mask in place, so that what is masked is +0. */
function multiply(values: NdArray | undefined, mask: NdArray): void {
  if (values === undefined) return;
  const data = values.data as Float32Array;
  for (let i = 0; i < data.length; i++) data[i] = mask.data[i] === 0 ? 0 : data[i]!;
}

const scalar = (x: number): NdArray => ({ type: "float32", dims: [], data: Float32Array.of(x) });

const numberOf = (array: NdArray | undefined): number => Number(array?.data[0]);
