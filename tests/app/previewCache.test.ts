import { expect, test } from "vitest";
import { previewCache } from "../../core/app/previewCache.ts";

const image = (bytes: number) => ({ kind: "image", url: "x".repeat(bytes), width: 1, height: 1 }) as const;

test("makes a preview once, and forgets those asked for longest ago when they take too much", async () => {
  const made: string[] = [];
  const cache = previewCache(5000);
  const get = (key: string): Promise<unknown> =>
    cache.get(key, () => {
      made.push(key);
      return Promise.resolve(image(1000));
    });
  await Promise.all([get("a"), get("a")]);
  await get("b");
  await get("a");
  await get("c");
  await get("a");
  await get("b");
  expect(made).toEqual(["a", "b", "c", "b"]);
});

test("looks again at what could not be read, and after a failure", async () => {
  const cache = previewCache();
  expect(await cache.get("a", () => Promise.resolve({ kind: "broken", reason: "gone" }))).toMatchObject({
    kind: "broken",
  });
  await expect(cache.get("b", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await cache.get("a", () => Promise.resolve(image(1)))).toMatchObject({ kind: "image" });
  expect(await cache.get("b", () => Promise.resolve(image(1)))).toMatchObject({ kind: "image" });
});
