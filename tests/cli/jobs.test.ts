import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EXIT_CODES } from "../../core/cli/failure.ts";
import { temporaryFolder, writeInputs } from "../app/fixtures.ts";

const entry = join(import.meta.dirname, "..", "..", "core", "cli", "main.ts");
const env = { ...process.env, NODE_OPTIONS: "" };

function lathe(
  folder: string,
  ...args: string[]
): { readonly code: number | null; readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [entry, ...args], {
    cwd: folder,
    encoding: "utf8",
    env,
  });
  return { code: status, stdout, stderr };
}

function json(folder: string, ...args: string[]): unknown {
  const { code, stdout, stderr } = lathe(folder, ...args, "--json");
  expect(code, `${args.join(" ")}: ${stderr}${stdout}`).toBe(0);
  return JSON.parse(stdout);
}

/** A folder with a project "p" that has the tiny model and its data. */
function withProject(): string {
  const folder = temporaryFolder();
  const { modelFile, dataFolder } = writeInputs(folder);
  json(folder, "init", "p");
  json(folder, "import", "model", modelFile, "-p", "p");
  json(folder, "import", "data", dataFolder, "-p", "p", "--calibration", "48", "--preprocessing", "zero-one");
  return folder;
}

/** Starts a command and resolves once it has written what is looked for to standard error. */
async function startUntil(folder: string, args: readonly string[], text: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [entry, ...args], { cwd: folder, stdio: ["ignore", "pipe", "pipe"], env });
  let errors = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (more: string) => {
      errors += more;
      if (errors.includes(text)) resolve();
    });
    child.once("exit", () => reject(new Error(`It ended without "${text}": ${errors}`)));
  });
  child.removeAllListeners("exit");
  return child;
}

const ended = (child: ChildProcess): Promise<number | null> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve(child.exitCode)
    : new Promise((resolve) => child.once("exit", resolve));

test("queues work, shows it, works it off by priority, and removes it", () => {
  const folder = withProject();
  const queue = (...args: string[]): unknown => json(folder, "run", ...args, "--from", "tiny", "-p", "p", "--queue");
  expect(queue("quantize-dynamic", "--no-measure")).toMatchObject({ job: { id: "j1", state: "queued" } });
  expect(queue("convert-fp16", "--no-measure", "--priority", "5", "--name", "half")).toMatchObject({
    job: { id: "j2" },
  });
  expect(lathe(folder, "jobs", "-p", "p").stdout).toMatch(/j1 +queued +about 1 s +Dynamic INT8 quantisation of tiny/);
  expect(json(folder, "variants", "-p", "p")).toMatchObject({ variants: [{ id: "v1" }] });
  expect(json(folder, "jobs", "cancel", "j1", "-p", "p")).toMatchObject({ job: { state: "cancelled" } });
  expect(json(folder, "jobs", "resume", "j1", "--queue", "-p", "p")).toMatchObject({
    resumed: [{ job: { id: "j1" } }],
  });
  const run = json(folder, "jobs", "run", "-p", "p") as { jobs: { id: string; state: string; startedAt: string }[] };
  expect(run.jobs.map((j) => [j.id, j.state])).toEqual([
    ["j1", "done"],
    ["j2", "done"],
  ]);
  expect(run.jobs[1]!.startedAt <= run.jobs[0]!.startedAt).toBe(true);
  expect(json(folder, "variants", "-p", "p")).toMatchObject({
    variants: [{ id: "v1" }, { name: "half" }, { name: "quantize-dynamic" }],
  });
  expect(lathe(folder, "jobs", "show", "j2", "-p", "p").stdout).toMatch(/Step 1 +convert-fp16 .* → half \(v2\)/);
  expect(lathe(folder, "jobs", "log", "j2", "-p", "p").stdout).toMatch(/Made "half" \(v2\)\n.*\[done\]\n$/);
  expect(json(folder, "jobs", "remove", "j1", "j2", "-p", "p")).toEqual({ removed: ["j1", "j2"] });
  expect(json(folder, "jobs", "-p", "p")).toEqual({ jobs: [] });
  const missing = lathe(folder, "jobs", "show", "j1", "-p", "p");
  expect([missing.code, missing.stderr]).toEqual([
    EXIT_CODES["not-found"],
    'error: There is no job "j1" in this project.\nThere are none yet: lathe run METHOD.\n',
  ]);
});

test("runs a pipeline, each step on what the one before made", () => {
  const folder = withProject();
  const steps = [
    { method: "train", params: { epochs: 2, batch: 16 }, name: "trained" },
    { method: "quantize-static", params: { samples: 16 }, name: "small" },
  ];
  writeFileSync(join(folder, "chain.json"), JSON.stringify({ lathe: 1, threads: 1, steps }));
  const chain = ["run", "--pipeline", "chain.json", "--from", "tiny", "-p", "p"];
  expect(json(folder, ...chain, "--dry-run")).toMatchObject({
    plan: { steps: [{ measure: true }, { measure: true }] },
  });
  const made = json(folder, ...chain);
  expect(made).toMatchObject({
    variant: { name: "small", parent: "v2", measurements: { accuracy: { samples: 60 } } },
    variants: [{ name: "trained", parent: "v1", measurements: { accuracy: { samples: 60 } } }, { name: "small" }],
  });
  const named = lathe(folder, ...chain, "--name", "x");
  expect([named.code, named.stderr]).toEqual([
    2,
    'error: A pipeline cannot have the name "x".\nGive each step a "name" in the file.\n',
  ]);
  writeFileSync(join(folder, "chain.json"), JSON.stringify({ lathe: 1, steps: [] }));
  const empty = lathe(folder, ...chain);
  expect(empty.code).toBe(3);
  expect(empty.stderr).toMatch(/^error: "chain.json" is not a pipeline: "steps: .*".\n/);
});

test("a run whose command was killed goes on where it was, to the same bytes, when it is run again", async () => {
  const [folder, other] = [withProject(), withProject()];
  const train = [
    "train",
    "--from",
    "tiny",
    "--epochs",
    "60",
    "--batch",
    "16",
    "--no-measure",
    "--threads",
    "1",
    "-p",
    "p",
  ];
  const child = await startUntil(folder, train, "Epoch 5 of 60");
  child.kill("SIGKILL");
  await ended(child);
  expect(json(folder, "jobs", "-p", "p")).toMatchObject({ jobs: [{ id: "j1", state: "running" }] });
  const resumed = lathe(folder, ...train, "--json");
  expect(resumed.stderr).toMatch(/info: Resuming in epoch \d+, batch \d+\./);
  const modelOf = (stdout: string): unknown => (JSON.parse(stdout) as { variant: { model: object } }).variant.model;
  expect(modelOf(resumed.stdout)).toEqual(modelOf(lathe(other, ...train, "--json").stdout));
  expect(json(folder, "jobs", "-p", "p")).toMatchObject({ jobs: [{ id: "j1", state: "done", attempts: 2 }] });
});

test("a job can be cancelled from another terminal, and resumed", async () => {
  const folder = withProject();
  const train = ["train", "--from", "tiny", "--epochs", "400", "--batch", "16", "--no-measure", "-p", "p"];
  const child = await startUntil(folder, train, "Epoch 2 of 400");
  const asked = lathe(folder, "jobs", "cancel", "j1", "-p", "p");
  expect(asked.stdout).toBe("Asked the process that has the project to cancel j1.\n");
  expect(await ended(child)).toBe(EXIT_CODES.cancelled);
  expect(json(folder, "jobs", "-p", "p")).toMatchObject({ jobs: [{ state: "cancelled" }] });
  const again = await startUntil(folder, ["jobs", "resume", "j1", "-p", "p"], "Resuming in epoch");
  again.kill("SIGINT");
  expect(await ended(again)).toBe(EXIT_CODES.cancelled);
});

test("tries a run, keeps its recipe as a preset, queues that, and tells what is on disk", () => {
  const folder = withProject();
  const p = ["-p", "p"];
  const tried = json(folder, "run", "quantize-dynamic", "--from", "tiny", "--try", "8", ...p);
  expect(tried).toMatchObject({ variants: [], tryout: { samples: 8, steps: [{ method: "quantize-dynamic" }] } });
  writeFileSync(
    join(folder, "half.json"),
    JSON.stringify({ lathe: 1, method: "convert-fp16", version: 1, params: {}, seed: 0, threads: 1 }),
  );
  expect(json(folder, "presets", "save", "half", "--recipe", "half.json", ...p)).toMatchObject({
    preset: { name: "half", scope: "project", kind: "recipe" },
  });
  const made = json(folder, "run", "--preset", "half", "--from", "tiny", "--no-measure", "--queue", ...p);
  expect(made).toMatchObject({ job: { state: "queued", priority: 0 } });
  expect(json(folder, "jobs", "priority", "j2", "7", ...p)).toMatchObject({ job: { id: "j2", priority: 7 } });
  expect(json(folder, "presets", "remove", "half", ...p)).toEqual({ removed: { name: "half", scope: "project" } });
  expect(json(folder, "cache", "--empty", ...p)).toMatchObject({ freed: 0, cache: 0 });
}, 240_000);
