import { useSyncExternalStore } from "react";

/** A value that parts of the page share. */
export interface Store<T> {
  get(): T;
  set(change: T | ((before: T) => T)): void;
  subscribe(listener: () => void): () => void;
}

export function createStore<T>(start: T): Store<T> {
  let value = start;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set: (change) => {
      const next = typeof change === "function" ? (change as (before: T) => T)(value) : change;
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/**
 * A store that the next visit finds as it was left.
 * @param read makes a value of what was kept; undefined where it is none
 */
export function createLastingStore<T>(key: string, start: T, read: (kept: unknown) => T | undefined): Store<T> {
  const store = createStore<T>(restore(key, read) ?? start);
  store.subscribe(() => {
    try {
      localStorage.setItem(key, JSON.stringify(store.get()));
    } catch {
      // Storage is full or forbidden: the value lasts as long as the page.
    }
  });
  return store;
}

function restore<T>(key: string, read: (kept: unknown) => T | undefined): T | undefined {
  try {
    const text = localStorage.getItem(key);
    return text === null ? undefined : read(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.get, store.get);
}
