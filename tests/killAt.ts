import { spawn } from "node:child_process";

/** Runs a TypeScript file until it says a line, and kills it on the spot. */
export function killAt(line: string, file: string, ...args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [file, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    if (said.split("\n").includes(line)) child.kill("SIGKILL");
  });
  return new Promise((resolve, reject) => {
    child.on("exit", (_, signal) => {
      if (signal === "SIGKILL") resolve();
      else reject(new Error(`"${file}" was not killed and said: ${said}`));
    });
  });
}
