import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { withSession } from "../../core/runtime/session.ts";
import { GOLDEN, goldenNet } from "./golden/nets.ts";

interface Golden {
  readonly torch: string;
  readonly logits: Readonly<
    Record<string, { readonly dims: readonly number[]; readonly stride: number; readonly values: readonly number[] }>
  >;
}

const golden = JSON.parse(readFileSync(join(import.meta.dirname, "golden", "logits.json"), "utf8")) as Golden;

it.each(Object.keys(GOLDEN))("%s computes what the same net in PyTorch does", async (id) => {
  const { model, input } = goldenNet(id);
  const expected = golden.logits[id]!;
  const { logits } = await withSession(model, { host: nodeHost }, (session) => session.run({ input }));
  expect(logits?.dims).toEqual(expected.dims);
  const values = Array.from(logits!.data as Float32Array).filter((_, i) => i % expected.stride === 0);
  expect(values.length).toBe(expected.values.length);
  const scale = Math.max(...expected.values.map(Math.abs));
  const worst = Math.max(...values.map((v, i) => Math.abs(v - expected.values[i]!)));
  expect(worst / scale).toBeLessThan(2e-5);
  // The samples differ, so that something was computed.
  expect(new Set(values).size).toBeGreaterThan(values.length / 2);
});
