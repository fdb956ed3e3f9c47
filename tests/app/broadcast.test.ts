import { expect, test } from "vitest";
import { startBroadcast } from "../../core/app/broadcast.ts";

interface Event {
  readonly kind: string;
  readonly n: number;
}

const newestFigure = (a: Event, b: Event): Event | undefined =>
  a.kind === "figure" && b.kind === "figure" ? b : undefined;

async function collect(events: AsyncIterable<Event>): Promise<string[]> {
  const found: string[] = [];
  for await (const { kind, n } of events) found.push(`${kind}${n}`);
  return found;
}

test("a slow listener gets every event but stale figures, and all that was sent before the end", async () => {
  const { send, listen, close } = startBroadcast(newestFigure);
  send({ kind: "early", n: 0 });
  const events = listen(new AbortController().signal);
  for (const n of [1, 2, 3]) send({ kind: "figure", n });
  send({ kind: "word", n: 4 });
  send({ kind: "figure", n: 5 });
  close();
  send({ kind: "late", n: 6 });
  expect(await collect(events)).toEqual(["figure3", "word4", "figure5"]);
});

test("listeners do not disturb each other, and stop when they want to", async () => {
  const { send, listen, close } = startBroadcast(newestFigure);
  const [first, second] = [new AbortController(), new AbortController()];
  const heard = [collect(listen(first.signal)), collect(listen(second.signal))];
  send({ kind: "word", n: 1 });
  await new Promise((resolve) => setImmediate(resolve));
  first.abort();
  send({ kind: "word", n: 2 });
  close();
  expect(await Promise.all(heard)).toEqual([["word1"], ["word1", "word2"]]);
  expect(await collect(listen(AbortSignal.abort()))).toEqual([]);
});
