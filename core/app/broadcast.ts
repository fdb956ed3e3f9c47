/** Passes events on to any number of listeners, each at its own pace. */
export interface Broadcast<T> {
  send(event: T): void;
  /** What is sent from now on, until the signal or the end of the broadcast. */
  listen(signal: AbortSignal): AsyncIterable<T>;
  /** Ends every listener once it has had what was sent. */
  close(): void;
}

/**
 * @param merge what to keep of two events that follow one another and have not been taken yet; undefined: both
 */
export function startBroadcast<T>(merge: (older: T, newer: T) => T | undefined): Broadcast<T> {
  const listeners = new Set<{ readonly take: (event: T) => void; readonly end: () => void }>();
  return {
    send: (event) => {
      for (const { take } of listeners) take(event);
    },
    listen: (signal) => {
      const held: T[] = [];
      let isOver = signal.aborted;
      let wake: (() => void) | undefined;
      const end = (): void => {
        isOver = true;
        listeners.delete(listener);
        signal.removeEventListener("abort", end);
        wake?.();
      };
      const listener = {
        take: (event: T): void => {
          const last = held.at(-1);
          const merged = last === undefined ? undefined : merge(last, event);
          if (merged === undefined) held.push(event);
          else held[held.length - 1] = merged;
          wake?.();
        },
        end,
      };
      if (!isOver) {
        // From this moment on, not from the first reading.
        listeners.add(listener);
        signal.addEventListener("abort", end, { once: true });
      }
      return (async function* events() {
        try {
          for (;;) {
            const next = held.shift();
            if (next !== undefined) yield next;
            else if (isOver) return;
            else await new Promise<void>((resolve) => (wake = resolve));
          }
        } finally {
          end();
        }
      })();
    },
    close: () => {
      for (const { end } of [...listeners]) end();
    },
  };
}
