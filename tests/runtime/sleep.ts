import { answer } from "../../core/runtime/child.ts";

answer(() => new Promise((resolve) => setTimeout(resolve, 60_000)));
