import { answer } from "../../core/runtime/child.ts";

answer((signal: NodeJS.Signals) => {
  process.kill(process.pid, signal);
  return new Promise((resolve) => setTimeout(resolve, 60_000));
});
