import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeHost } from "../../core/app/nodeHost.ts";
import { LatheError } from "../../core/base/error.ts";
import type { Host } from "../../core/base/host.ts";
import type { ProgressEvent } from "../../core/contract/event.ts";
import { collectAnswers, type Answers } from "../../core/train/answers.ts";
import { openTeacher } from "../../core/train/teacher.ts";
import { smallNet } from "./models.ts";
import { stripes } from "./pictures.ts";

let cache: string;
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "lathe-answers-"));
});
afterEach(() => rm(cache, { recursive: true, force: true }));

const signal = new AbortController().signal;
const samples = stripes(70);

async function collect(host: Host = nodeHost): Promise<Answers & { readonly events: readonly ProgressEvent[] }> {
  const teacher = await openTeacher(smallNet({ classes: 4 }), { session: { threads: 1 }, host: nodeHost, signal });
  const events: ProgressEvent[] = [];
  const emit = (e: ProgressEvent): void => void events.push(e);
  const ask = { teacher: () => Promise.resolve(teacher), key: "t", cache, host, signal, emit };
  const answers = await collectAnswers({
    samples,
    augment: { flip: true },
    seed: 1,
    views: 3,
    top: 0,
    batch: 32,
    ...ask,
  });
  await teacher.close();
  return { ...answers, events };
}

const all = (answers: Answers): unknown[] => [0, 1, 2].map((view) => answers.logits(samples.indices, view).data);

describe("answers on a full disk", () => {
  it("are used all the same, and leave nothing half written", async () => {
    const whole = await collect();
    await rm(cache, { recursive: true });
    let count = 0;
    const create: Host["files"]["create"] = async (name) => {
      const writer = await nodeHost.files.create(name);
      if (++count !== 2) return writer;
      const write = (): Promise<void> => {
        throw new LatheError("disk-full", `Writing "${name}": ENOSPC: no space left on device, write`, {
          hint: "Free some disk space and run the command again.",
        });
      };
      return { ...writer, write };
    };
    const crippled = await collect({ ...nodeHost, files: { ...nodeHost.files, create } });
    expect(all(crippled)).toEqual(all(whole));
    const [warning] = crippled.events.flatMap((e) => (e.kind === "message" ? [e.text] : []));
    expect(warning).toMatch(
      /^The teacher's answers could not be kept on disk; the training goes on with them. Writing ".*": ENOSPC/,
    );
    expect((await readdir(cache)).filter((n) => n.endsWith(".part"))).toEqual([]);
    const again = await collect();
    expect([again.found, again.asked]).toEqual([2, 1]);
    expect(all(again)).toEqual(all(whole));
  });
});

describe("answers of a process that is killed while it writes them", () => {
  it("are whole or not there", async () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, "answersVictim.ts"), cache], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    await new Promise<void>((resolve, reject) => {
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        if (text.includes("frozen")) child.kill("SIGKILL");
      });
      child.on("exit", (_, killed) => {
        if (killed === "SIGKILL") resolve();
        else reject(new Error("It was not killed."));
      });
    });
    const left = await readdir(cache);
    expect(left.filter((n) => n.endsWith(".part")).length).toBe(1);
    const again = await collect();
    expect([again.found, again.asked]).toEqual([1, 2]);
    expect((await readdir(cache)).filter((n) => n.endsWith(".part"))).toEqual([]);
    expect((await readdir(cache)).length).toBe(3);
  });
});
