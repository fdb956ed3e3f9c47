import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EXIT_CODES } from "../../core/cli/failure.ts";
import { temporaryFolder, writeInputs } from "../app/fixtures.ts";

const root = join(import.meta.dirname, "..", "..");
const entry = join(root, "core", "cli", "main.ts");

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function lathe(folder: string, ...args: string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [entry, ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  return { code: status, stdout, stderr };
}

function json(folder: string, ...args: string[]): unknown {
  const { code, stdout, stderr } = lathe(folder, ...args, "--json");
  expect(code, `${stderr}${stdout}`).toBe(0);
  return JSON.parse(stdout);
}

test("does the whole way from a file to a bundle, with JSON at every step", () => {
  const folder = temporaryFolder();
  const { modelFile, dataFolder } = writeInputs(folder);
  const p = ["--project", "p"];
  expect(json(folder, "init", "p")).toEqual({ project: join(folder, "p"), name: "p" });
  expect(json(folder, "import", "model", modelFile, ...p)).toMatchObject({
    isBaseline: true,
    variant: { id: "v1", name: "tiny" },
  });
  expect(
    json(folder, "import", "data", dataFolder, ...p, "--calibration", "48", "--preprocessing", "zero-one"),
  ).toMatchObject({
    data: { name: "stripes", info: { format: "idx", count: 300 } },
    counts: { test: 60, calibration: 48 },
  });
  const made = json(
    folder,
    "run",
    "quantize-static",
    "--from",
    "tiny",
    "--name",
    "small",
    "--samples",
    "16",
    "--no-per-channel",
    "--range",
    "mse",
    ...p,
  ) as { variant: { recipe: object } };
  expect(made).toMatchObject({
    variant: {
      id: "v2",
      name: "small",
      recipe: { params: { samples: 16, perChannel: false, range: "mse" } },
      measurements: { accuracy: { samples: 60 } },
    },
  });
  writeFileSync(join(folder, "recipe.json"), JSON.stringify(made.variant.recipe));
  const again = json(folder, "run", "--recipe", "recipe.json", "--no-measure", ...p);
  expect(again).toMatchObject({
    variant: { id: "v3", name: "quantize-static", model: (made.variant as unknown as { model: object }).model },
  });
  expect(json(folder, "run", "convert-fp16", "--from", "v1", "--dry-run", ...p)).toHaveProperty("estimate.seconds");
  expect(json(folder, "variants", ...p)).toMatchObject({
    baseline: "v1",
    variants: [{ id: "v1" }, { id: "v2" }, { id: "v3" }],
  });
  expect(json(folder, "compare", "small", ...p)).toMatchObject({
    baseline: { id: "v1" },
    rows: [{ isBaseline: true }, { variant: { name: "small" } }],
  });
  expect(json(folder, "diff", "tiny", "small", ...p)).toMatchObject({ a: "tiny", b: "small", diff: { same: false } });
  expect(json(folder, "inspect", "small", ...p)).toMatchObject({ inputs: ["image: float32[batch,1,8,8]"] });
  expect(json(folder, "report", "--out", "r.html", "--out", "r.csv", ...p)).toEqual({
    written: [join(folder, "r.html"), join(folder, "r.csv")],
  });
  expect(readFileSync(join(folder, "r.csv"), "utf8").split("\r\n")[0]).toContain(
    "Top-1 (%),Top-1 (%) low,Top-1 (%) high",
  );
  expect(json(folder, "export", "small", "--out", "bundle", ...p)).toMatchObject({
    folder: join(folder, "bundle"),
    verification: { isVerified: true },
  });
  const { stdout } = lathe(folder, "compare", ...p);
  expect(stdout).toContain("small");
  expect(stdout).toContain("Speed-up");
});

test("every command explains itself", () => {
  const folder = temporaryFolder();
  const commands = [
    [],
    ["init"],
    ["import"],
    ["import", "model"],
    ["import", "data"],
    ["new", "model"],
    ["new", "model", "resnet20"],
    ["inspect"],
    ["run"],
    ["run", "quantize-static"],
    ["run", "quantize-dynamic"],
    ["run", "convert-fp16"],
    ["jobs"],
    ["jobs", "show"],
    ["jobs", "log"],
    ["jobs", "run"],
    ["jobs", "resume"],
    ["jobs", "pause"],
    ["jobs", "cancel"],
    ["jobs", "remove"],
    ["variants"],
    ["compare"],
    ["diff"],
    ["report"],
    ["export"],
    ["methods"],
    ["doctor"],
  ];
  for (const command of commands) {
    const { code, stdout, stderr } = lathe(folder, ...command, "--help");
    expect([code, stderr], command.join(" ")).toEqual([0, ""]);
    expect(stdout).toMatch(new RegExp(`^Usage: ${["lathe", ...command].join(" ")}`));
    if (command.length > 0 && command.join() !== "import") expect(stdout, command.join(" ")).toContain("--json");
  }
});

test("doctor and methods tell programs what there is", () => {
  const folder = temporaryFolder();
  expect(json(folder, "doctor")).toMatchObject({
    machine: {
      providers: expect.arrayContaining([expect.objectContaining({ name: "cpu", available: true })]) as unknown,
    },
    training: expect.arrayContaining([
      { provider: "cpu", uses: expect.stringMatching(/^a lowered graph: |^the plain graph: /) as unknown },
    ]) as unknown,
  });
  const { methods } = json(folder, "methods") as { methods: { id: string }[] };
  expect(methods.map((m) => m.id)).toEqual(
    expect.arrayContaining(["convert-fp16", "quantize-dynamic", "quantize-static"]),
  );
  expect(json(folder, "methods", "quantize-static")).toHaveProperty("params.properties.samples.minimum", 1);
  expect(lathe(folder, "methods", "quantize-static").stdout).toMatch(/--samples\s+a whole number from 1/);
});

test.each([
  [["compare"], "not-found", "There is no project in"],
  [["nonsense"], "invalid-argument", "Unknown command 'nonsense'."],
  [
    ["compare", "--batch", "none"],
    "invalid-argument",
    "Option '--batch <size>' argument 'none' is invalid. \"none\" is not a whole number of at least 1.",
  ],
  [["report"], "invalid-argument", "Required option '-o, --out <file>' not specified."],
  [["run"], "invalid-argument", "Nothing says which method to run."],
  [["run", "magic"], "not-found", 'There is no method "magic".'],
  [
    ["run", "quantize-static", "--range", "wild"],
    "invalid-argument",
    "Option '--range <value>' argument 'wild' is invalid. Allowed choices are min-max, percentile, entropy, mse.",
  ],
  [
    ["run", "quantize-static", "--samples", "0"],
    "invalid-argument",
    "Option '--samples <samples>' argument '0' is invalid. \"0\" is not a whole number from 1 to 100000.",
  ],
  [["methods", "magic"], "not-found", 'There is no method "magic".'],
  [["inspect", "missing.onnx"], "not-found", "missing.onnx"],
  [["inspect", "image.onnx"], "invalid-model", "image.onnx"],
  [["run", "--recipe", "image.onnx"], "invalid-recipe", '"image.onnx" is not JSON.'],
] as const)("lathe %j fails as %s", (args, code, message) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "image.onnx"), Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"));
  const asText = lathe(folder, ...args);
  expect(asText.code).toBe(EXIT_CODES[code]);
  expect(asText.stdout).toBe("");
  expect(asText.stderr).toMatch(/^error: /);
  expect(asText.stderr).toContain(message);
  expect(asText.stderr).not.toMatch(/\n {4}at /);
  const asJson = lathe(folder, ...args, "--json");
  expect(asJson.code).toBe(EXIT_CODES[code]);
  expect(asJson.stderr).toBe("");
  const { error } = JSON.parse(asJson.stdout) as {
    error: { code: string; message: string; hint: string; details: object };
  };
  expect(error.code).toBe(code);
  expect(error.message).toContain(message);
  expect(error.hint.length).toBeGreaterThan(5);
});

test("a project that another process has open is refused for writing, not for reading", async () => {
  const folder = temporaryFolder();
  const { modelFile } = writeInputs(folder);
  lathe(folder, "init", "p");
  lathe(folder, "import", "model", modelFile, "--project", "p");
  const script = `
    import { openProject } from "${root}/core/app/project.ts";
    import { nodeHost } from "${root}/core/app/nodeHost.ts";
    await openProject(process.argv[1], "write", nodeHost);
    console.log("open");
    setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ["--input-type=module-typescript", "-e", script, join(folder, "p")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((done) => holder.stdout.once("data", done));
  const refused = lathe(folder, "import", "model", modelFile, "--project", "p");
  expect(refused.code).toBe(EXIT_CODES.locked);
  expect(refused.stderr).toContain(`is open elsewhere: process "${holder.pid ?? 0}"`);
  expect(lathe(folder, "variants", "--project", "p").code).toBe(0);
  holder.kill("SIGKILL");
  await new Promise((done) => holder.once("exit", done));
  expect(lathe(folder, "import", "model", modelFile, "--project", "p").code).toBe(0);
});

test("Ctrl+C stops a run cleanly and leaves the project as it was", async () => {
  const folder = temporaryFolder();
  const { modelFile, dataFolder } = writeInputs(folder);
  lathe(folder, "init", "p");
  lathe(folder, "import", "model", modelFile, "--project", "p");
  lathe(folder, "import", "data", dataFolder, "--project", "p", "--calibration", "48");
  const child = spawn(process.execPath, [entry, "run", "quantize-static", "--from", "tiny", "--project", "p"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  let sent = false;
  child.stderr.on("data", (text: Buffer) => {
    stderr += text.toString();
    if (!sent && stderr.includes("Static INT8")) {
      sent = true;
      child.kill("SIGINT");
    }
  });
  const code = await new Promise((done) => child.once("exit", done));
  expect(code).toBe(130);
  expect(stderr).toMatch(/error: Cancelled\.\n$/);
  expect(json(folder, "variants", "--project", "p")).toMatchObject({ variants: [{ id: "v1" }] });
  expect(existsSync(join(folder, "p", "work"))).toBe(false);
});

test("names cannot act on the terminal", () => {
  const folder = temporaryFolder();
  const { modelFile } = writeInputs(folder);
  lathe(folder, "init", "p", "--name", "a\u001b[31mred");
  const { stdout } = lathe(folder, "inspect", modelFile);
  expect(stdout).toContain("tiny.onnx");
  const refused = lathe(folder, "import", "model", modelFile, "--project", "p", "--name", "a\u001b[2Jb");
  expect(refused.code).toBe(EXIT_CODES["invalid-argument"]);
  expect(refused.stderr).not.toContain("\u001b");
});

const olderNode = ["/usr/bin/node", "/usr/local/bin/node"].find((path) => {
  if (!existsSync(path)) return false;
  const { stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
  return Number(/^v(\d+)/.exec(stdout)?.[1] ?? 99) < 22;
});

test.skipIf(olderNode === undefined)(
  `the launcher finds a newer Node when an old one starts it${olderNode === undefined ? " (skipped: no old Node here)" : ""}`,
  () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "x"));
    const run = (...args: string[]) =>
      spawnSync(olderNode ?? "", [join(root, "bin", "lathe.mjs"), ...args], { cwd: folder, encoding: "utf8" });
    expect(run("--version").stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(run("compare").status).toBe(EXIT_CODES["not-found"]);
  },
);

test("the launcher works with the Node that runs the tests", () => {
  const { stdout, status } = spawnSync(process.execPath, [join(root, "bin", "lathe.mjs"), "--version"], {
    encoding: "utf8",
  });
  expect([status, stdout]).toEqual([
    0,
    `${(JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }).version}\n`,
  ]);
});

test.skipIf(process.platform !== "linux")("starts where code cannot be kept", () => {
  const env: NodeJS.ProcessEnv = { ...process.env, XDG_CACHE_HOME: "/proc/none", NODE_COMPILE_CACHE: undefined };
  const { status } = spawnSync(process.execPath, [entry, "--version"], { env, timeout: 20_000 });
  expect(status).toBe(0);
});

test("trains from the command line, with its parameters as flags", () => {
  const folder = temporaryFolder();
  const { modelFile, dataFolder } = writeInputs(folder);
  const p = ["--project", "p"];
  json(folder, "init", "p");
  json(folder, "import", "model", modelFile, ...p);
  json(folder, "import", "data", dataFolder, ...p, "--calibration", "48", "--preprocessing", "zero-one");
  const flags = ["--epochs", "2", "--batch", "16", "--rate", "0.02", "--optimizer", "adamw", "--crop", "1", "--flip"];
  const made = json(folder, "train", "--from", "tiny", ...flags, "--no-measure", ...p);
  expect(made).toMatchObject({
    variant: {
      name: "train",
      parent: "v1",
      recipe: { method: "train", params: { epochs: 2, optimizer: "adamw", crop: 1, flip: true, smoothing: 0 } },
      findings: { epoch: 2, history: [{ epoch: 1 }, { epoch: 2 }] },
    },
  });
  const again = json(folder, "run", "train", "--from", "tiny", ...flags, "--no-measure", ...p);
  const modelOf = (result: unknown): unknown => (result as { variant: { model: object } }).variant.model;
  expect(modelOf(again)).toEqual(modelOf(made));
  expect(lathe(folder, "train", "--help").stdout).toContain("--weight-decay <number>");
});
