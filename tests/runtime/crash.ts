import { answer } from "../../core/runtime/child.ts";

answer(() => {
  process.kill(process.pid, "SIGKILL");
});
