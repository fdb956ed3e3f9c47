import { cacheCode } from "./codeCache.ts";

// Before anything else is loaded, so that all of it comes from the cache.
cacheCode();
const { run } = await import("./program.ts");
process.exitCode = await run(process.argv.slice(2));
