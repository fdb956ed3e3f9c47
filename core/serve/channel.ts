/** Hands what happens to everybody who listens. A listener that is slow keeps its own queue. */
export interface Channel<T> {
  send(event: T): void;
  /** What is sent from now on, until the signal is aborted. */
  listen(signal: AbortSignal | undefined): AsyncGenerator<T, void>;
}

/** Events that one listener may have waiting; a page that stopped reading loses the oldest. */
const MOST_WAITING = 10_000;

export function openChannel<T>(): Channel<T> {
  const listeners = new Set<(event: T) => void>();
  return {
    send: (event) => {
      for (const listener of listeners) listener(event);
    },
    listen: (signal) => {
      const queue = openQueue<T>();
      const add = (event: T): void => queue.push(event);
      listeners.add(add);
      return drain(queue, signal, () => listeners.delete(add));
    },
  };
}

interface Queue<T> {
  push(event: T): void;
  take(): T | undefined;
  /** Resolves with the next push, or at once where something waits. */
  filled(signal: AbortSignal | undefined): Promise<void>;
}

export function openQueue<T>(): Queue<T> {
  const waiting: T[] = [];
  let wake: (() => void) | undefined;
  return {
    push: (event) => {
      waiting.push(event);
      if (waiting.length > MOST_WAITING) waiting.shift();
      wake?.();
    },
    take: () => waiting.shift(),
    filled: (signal) =>
      new Promise<void>((resolve) => {
        if (waiting.length > 0 || signal?.aborted === true) {
          resolve();
          return;
        }
        const done = (): void => {
          signal?.removeEventListener("abort", done);
          wake = undefined;
          resolve();
        };
        wake = done;
        signal?.addEventListener("abort", done, { once: true });
      }),
  };
}

async function* drain<T>(
  queue: Queue<T>,
  signal: AbortSignal | undefined,
  release: () => void,
): AsyncGenerator<T, void> {
  try {
    while (signal?.aborted !== true) {
      const event = queue.take();
      if (event === undefined) await queue.filled(signal);
      else yield event;
    }
  } finally {
    release();
  }
}

/** Runs work that tells what it does as a stream of what it tells, with its result as the stream's. */
export async function* streamed<E, R>(
  signal: AbortSignal | undefined,
  work: (emit: (event: E) => void, signal: AbortSignal) => Promise<R>,
): AsyncGenerator<E, R> {
  const control = new AbortController();
  const stop = (): void => control.abort(signal?.reason);
  if (signal?.aborted === true) stop();
  else signal?.addEventListener("abort", stop, { once: true });
  const queue = openQueue<E>();
  const finished = new AbortController();
  const running = work((event) => queue.push(event), control.signal).finally(() => finished.abort());
  // Awaited below; until then a failure must not count as unhandled.
  running.catch(() => undefined);
  try {
    while (true) {
      const event = queue.take();
      if (event !== undefined) yield event;
      else if (finished.signal.aborted) return await running;
      else await queue.filled(finished.signal);
    }
  } finally {
    // Whoever stops listening stops the work.
    control.abort();
    signal?.removeEventListener("abort", stop);
  }
}
