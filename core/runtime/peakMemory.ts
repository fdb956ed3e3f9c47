import { readFileSync, writeFileSync } from "node:fs";

/** Linux starts counting the highest resident size (VmHWM) anew; elsewhere it counts from the start. */
export function resetPeak(): void {
  if (process.platform !== "linux") return;
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch (error) {
    // Locked down: what the start of the process took at most then counts as well.
    process.stderr.write(`clear_refs: ${String(error)}\n`);
  }
}

/** Highest resident size of this process since `resetPeak`, in bytes. */
export function readPeak(): number {
  if (process.platform === "linux") {
    const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"));
    if (line?.[1] !== undefined) return Number(line[1]) * 1024;
  }
  return process.resourceUsage().maxRSS * 1024;
}
