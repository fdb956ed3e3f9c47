/**
 * Runs the tests that touch eight-bit kernels as other processors compute them: natively, and where Debian's qemu-user is
 * installed with AVX2 and no VNNI (Haswell) and with SSE4 alone (Nehalem). Prints one line of counts for each.
 */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

/** Test files of eight-bit kernels that start no processes: emulators of that age crash when one ends. */
const FILES = [
  "tests/transform/affine.test.ts",
  "tests/transform/emulateSaturation.test.ts",
  "tests/transform/fakeQuantize.test.ts",
  "tests/transform/insertQdq.test.ts",
  "tests/transform/placeQuantizers.test.ts",
  "tests/transform/quantizeWeights.test.ts",
  "tests/transform/saturation.test.ts",
  "tests/transform/writeFormats.test.ts",
  "tests/autodiff/quantization.test.ts",
  "tests/measure/activations.test.ts",
  "tests/measure/processorAccuracy.test.ts",
  "tests/methods/quantizeDynamic.test.ts",
  "tests/methods/quantizeStatic.test.ts",
  "tests/runtime/saturation.test.ts",
];
const EMULATOR = "qemu-x86_64";
const EMULATED = ["Haswell", "Nehalem"];
const root = resolve(import.meta.dirname, "..");
const vitest = resolve(root, "node_modules/vitest/vitest.mjs");

const hasEmulator = process.arch === "x64" && spawnSync(EMULATOR, ["--version"]).status === 0;
const counts = [countsOf("this processor", [process.execPath])];
for (const cpu of EMULATED) {
  counts.push(
    hasEmulator
      ? countsOf(cpu, [EMULATOR, "-cpu", cpu, process.execPath])
      : `${cpu}: skipped, as ${EMULATOR} is not installed (Debian's package qemu-user)`,
  );
}
process.stdout.write(`\nEight-bit tests by processor\n${counts.map((line) => `  ${line}\n`).join("")}`);

function countsOf(name: string, [program = "", ...args]: readonly string[]): string {
  process.stdout.write(`\n${name}\n`);
  // Threads, since the emulator runs what it starts itself and no processes of that.
  const run = spawnSync(program, [...args, vitest, "run", "--pool=threads", "--testTimeout=600000", ...FILES], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 2 ** 28,
  });
  const closing = /^\d+ passed, \d+ failed, \d+ skipped$/m.exec(run.stdout)?.[0];
  if (run.status !== 0 || closing === undefined) {
    process.exitCode = 1;
    process.stdout.write(`${run.stdout}\n${run.stderr}\n`);
  }
  return `${name}: ${closing ?? `no result, ended with ${run.signal ?? String(run.status)}`}`;
}
