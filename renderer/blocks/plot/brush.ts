import { useSyncExternalStore } from "react";

/** Which of so many things are chosen, shared by all charts and tables that show them. Charts listen without drawing anew. */
export interface Brush {
  readonly size: number;
  has(index: number): boolean;
  count(): number;
  /** Replaces what is chosen. */
  set(chosen: Iterable<number>): void;
  /** The same by mask: not 0 is chosen. The mask is taken over, not copied. */
  setMask(mask: Uint8Array): void;
  toggle(index: number): void;
  clear(): void;
  /** The chosen ones in their order. */
  chosen(): readonly number[];
  mask(): Uint8Array;
  subscribe(listener: () => void): () => void;
  /** Another number after each change. */
  version(): number;
}

export function createBrush(size: number, chosen: Iterable<number> = []): Brush {
  let mask = maskOf(size, chosen);
  let count = countOf(mask);
  let version = 0;
  const listeners = new Set<() => void>();
  const change = (next: Uint8Array): void => {
    mask = next;
    count = countOf(next);
    version++;
    for (const listener of [...listeners]) listener();
  };
  return {
    size,
    has: (index) => mask[index] === 1,
    count: () => count,
    set: (indices) => change(maskOf(size, indices)),
    setMask: change,
    toggle: (index) => {
      const next = mask.slice();
      next[index] = next[index] === 1 ? 0 : 1;
      change(next);
    },
    clear: () => {
      if (count > 0) change(new Uint8Array(size));
    },
    chosen: () => {
      const found: number[] = [];
      for (let i = 0; i < size; i++) if (mask[i] === 1) found.push(i);
      return found;
    },
    mask: () => mask,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    version: () => version,
  };
}

function maskOf(size: number, chosen: Iterable<number>): Uint8Array {
  const mask = new Uint8Array(size);
  for (const i of chosen) if (i >= 0 && i < size) mask[i] = 1;
  return mask;
}

function countOf(mask: Uint8Array): number {
  let count = 0;
  for (const m of mask) count += m;
  return count;
}

/** Draws the component anew whenever the choice changes. */
export function useBrush(brush: Brush): number {
  return useSyncExternalStore(brush.subscribe, brush.version, brush.version);
}
