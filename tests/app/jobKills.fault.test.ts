import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { seededRandom } from "../../core/base/random.ts";
import "./engine.ts";
import { tinyProject } from "./fixtures.ts";
import { someKills, survive, TARGETS } from "./kills.ts";

/** A training with a checkpoint after each epoch, then many short trials. */
const PIPELINE = {
  lathe: 1,
  threads: 1,
  measure: false,
  steps: [
    { method: "train", params: { epochs: 4, batch: 16 }, name: "trained", measure: false },
    { method: "try-scales", params: { trials: 15, pause: 20 }, name: "scaled", measure: false },
  ],
};

test("whatever is killed at whatever moment, nothing that was finished is lost, and the same models come out", async () => {
  const { project, folder } = await tinyProject();
  const template = project.store.folder;
  project.store.close();
  const copy = (): string => join(mkdtempSync(join(tmpdir(), "lathe-kills-")), "project");
  const whole = await survive(template, copy(), { pipeline: PIPELINE, kills: [] });
  expect(whole).toMatchObject({ lost: 0, damage: [] });
  expect(whole.models.length).toBe(2);
  const random = seededRandom(4, "kills");
  // One of each at least, then as they come.
  const each = TARGETS.map((target) => ({
    target,
    since: "job" as const,
    after: random.integer(Math.ceil(whole.span)),
  }));
  for (const kills of [each, someKills(random, 4, whole.span), someKills(random, 3, whole.span)]) {
    const survived = await survive(template, join(folder, "copy"), { pipeline: PIPELINE, kills });
    expect(survived).toMatchObject({ lost: 0, damage: [], models: whole.models });
  }
});
