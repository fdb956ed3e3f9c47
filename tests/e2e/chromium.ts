import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { chromium, type Browser } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"];

interface Found {
  readonly path: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** A Chromium of this machine, or one that LATHE_CHROMIUM names, or the one that comes as a package. */
async function findChromium(): Promise<Found> {
  const named = process.env["LATHE_CHROMIUM"] ?? "";
  if (named !== "" && named !== "packaged") return { path: named, environment: {} };
  const folders = named === "packaged" ? [] : (process.env["PATH"] ?? "").split(delimiter);
  const found = folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find((path) => existsSync(path));
  return found === undefined ? packagedChromium() : { path: found, environment: {} };
}

/** The package brings the system libraries too that a bare system lacks, and unpacks them where it takes itself to be in a cloud. */
async function packagedChromium(): Promise<Found> {
  const before = { ...process.env };
  process.env["AWS_EXECUTION_ENV"] = "AWS_Lambda_nodejs24.x";
  try {
    const { default: packaged } = await import("@sparticuz/chromium");
    const path = await alone(() => packaged.executablePath());
    const { LD_LIBRARY_PATH = "", FONTCONFIG_PATH = "" } = process.env;
    return { path, environment: { LD_LIBRARY_PATH, FONTCONFIG_PATH } };
  } finally {
    process.env = before;
  }
}

/** The package unpacks into one place, and two test files at once would write the same program. */
async function alone<T>(work: () => Promise<T>): Promise<T> {
  const lock = join(tmpdir(), "lathe-chromium.lock");
  const until = Date.now() + 60_000;
  // A lock that outlives its minute was left by a process that was killed.
  while (
    !(await mkdir(lock).then(
      () => true,
      () => Date.now() > until,
    ))
  ) {
    await pause(100);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

export async function launch(): Promise<Browser> {
  const { path, environment } = await findChromium();
  return chromium.launch({
    executablePath: path,
    // The sandbox needs rights that a container has not.
    args: ["--no-sandbox", "--disable-gpu"],
    env: { ...(process.env as Record<string, string>), ...environment },
  });
}
