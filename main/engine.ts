import { serveDesktop } from "../core/serve/desktop.ts";

// Entry of the utility process that runs the engine, away from the process that draws.
serveDesktop(process.parentPort);
