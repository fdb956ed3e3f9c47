import type { NdArray } from "../base/array.ts";
import type { Host } from "../base/host.ts";
import { graph as makeGraph, model as makeModel, node, value } from "../graph/build.ts";
import type { DeviceArray } from "../runtime/deviceArray.ts";
import { openSession, type Session, type SessionOptions } from "../runtime/session.ts";
import type { Phase, Slot } from "./slots.ts";
import type { StepGraph } from "./stepGraph.ts";

/** State of a training that stays on the device between steps. */
export interface DeviceState {
  /** Runs one graph of a step: what is on the device is read there and stays there; the rest comes from the host. */
  run(
    running: { readonly phase: Phase; readonly session: Session },
    feeds: Readonly<Record<string, NdArray>>,
    onHost: (slot: Slot) => NdArray,
  ): Promise<Readonly<Record<string, NdArray>>>;
  /** Lets go of slots whose arrays on the host have been changed; the next run takes those. */
  drop(slots: Iterable<Slot>): void;
  /** Writes what is on the device into the host's arrays. */
  download(onHost: (slot: Slot) => NdArray): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens what is needed to keep state on the webgpu device. The binding of onnxruntime-node 1.30 takes an output that
 * stayed there as an input of the next run, of any session; reading one back ends the process, so a graph that copies
 * its inputs to the host does that.
 */
export async function openDeviceState(graph: StepGraph, options: SessionOptions, host: Host): Promise<DeviceState> {
  const written = [
    ...new Set([graph.batch, ...(graph.update ? [graph.update] : [])].flatMap((p) => [...p.writes.values()])),
  ];
  const copyName = (slot: Slot): string => `${slot.input}/host`;
  const copier = makeModel(
    makeGraph({
      inputs: written.map((s) => value(s.input, "float32", s.dims)),
      outputs: written.map((s) => value(copyName(s), "float32", s.dims)),
      nodes: written.map((s) => node("Identity", [[s.input], [copyName(s)]])),
    }),
  );
  const download = await openSession(copier, options, host);
  const there = new Map<Slot, DeviceArray>();
  let isFresh = true;

  const drop = (slots: Iterable<Slot>): void => {
    for (const slot of slots) {
      there.get(slot)?.dispose();
      there.delete(slot);
    }
  };
  /** What a run reads of the state, parted by where it is. */
  const reads = (slots: readonly Slot[], onHost: (slot: Slot) => NdArray) => ({
    given: Object.fromEntries(slots.flatMap((s) => (there.has(s) ? [] : [[s.input, onHost(s)]]))),
    held: Object.fromEntries(slots.flatMap((s) => (there.has(s) ? [[s.input, there.get(s)!]] : []))),
  });
  return {
    run: async ({ phase, session }, feeds, onHost) => {
      const { given, held } = reads(phase.reads, onHost);
      const { arrays, held: made } = await session.runResident({ ...feeds, ...given }, held);
      drop(phase.writes.values());
      for (const [name, slot] of phase.writes) {
        const kept = made[name];
        if (kept !== undefined) there.set(slot, kept);
        // The runtime may hand an output to the host all the same.
        else (onHost(slot).data as Float32Array).set(arrays[name]!.data as Float32Array);
      }
      isFresh = false;
      return arrays;
    },
    drop,
    download: async (onHost) => {
      if (isFresh) return;
      const { given, held } = reads(written, onHost);
      const { arrays } = await download.runResident(given, held);
      for (const slot of there.keys())
        (onHost(slot).data as Float32Array).set(arrays[copyName(slot)]!.data as Float32Array);
      isFresh = true;
    },
    close: async () => {
      drop([...there.keys()]);
      await download.close();
    },
  };
}
