import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join, resolve } from "node:path";
import type { Command } from "commander";
import { LatheError } from "../../base/error.ts";
import { TOKEN_FORM } from "../../serve/http/token.ts";
import { act, collect, wholeNumber, type CommonOptions, type Io, type Run } from "../io.ts";

interface ServeOptions extends CommonOptions {
  readonly host: string;
  readonly port: number;
  readonly token?: string;
  readonly allowRemote?: boolean;
  readonly root?: readonly string[];
  readonly home?: string;
  readonly open?: boolean;
}

/** `serve`: the workbench in a browser. */
export function addServeCommand(program: Command, run: Run): void {
  const command = program
    .command("serve")
    .description("open the workbench to a browser on this machine")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--port <number>", "port to listen on; 0 takes any free one", wholeNumber(0), 0)
    .option("--token <text>", `what a browser has to know: ${TOKEN_FORM} (default: random)`)
    .option("--allow-remote", "listen on an address that other machines can reach, without encryption")
    .option(
      "--root <dir>",
      "folder that files may be chosen from (repeatable; default: home and here)",
      collect(String),
    )
    .option("--home <dir>", "folder for recent projects and the sample (default: LATHE_HOME or the user's own)")
    .option("--open", "open the browser");
  act<ServeOptions>(command, run, (io, options) => serveUntilStopped(io, options));
}

async function serveUntilStopped(io: Io, options: ServeOptions): Promise<unknown> {
  const [{ serve }, { openEngine }, { openPlaces }, { homeFolder, PRODUCT }, { nodeHost }] = await Promise.all([
    import("../../serve/http/server.ts"),
    import("../../serve/engine.ts"),
    import("../../serve/places.ts"),
    import("../../serve/home.ts"),
    import("../../app/nodeHost.ts"),
  ]);
  const renderer = join(PRODUCT, "out", "renderer");
  if (!existsSync(join(renderer, "index.html"))) {
    throw new LatheError("not-found", `The workbench is not built: "${renderer}" is missing.`, {
      hint: "Build it with npm run build.",
    });
  }
  const engine = openEngine({
    host: nodeHost,
    places: openPlaces(rootsOf(options.root)),
    home: options.home === undefined ? homeFolder() : resolve(options.home),
    sample: join(PRODUCT, "samples", "fashion-mnist"),
  });
  try {
    const { host, port, token, allowRemote = false } = options;
    const served = await serve({ engine, renderer, host, port, token, allowRemote });
    io.print(`Lathe is at ${served.address}\nCtrl+C stops it.`);
    if (options.json === true) process.stdout.write(`${JSON.stringify({ address: served.address })}\n`);
    if (options.open === true) await openBrowser(served.address);
    await new Promise<void>((done) => {
      if (io.signal.aborted) done();
      else io.signal.addEventListener("abort", () => done(), { once: true });
    });
    await served.close();
  } finally {
    await engine.close();
  }
  return {};
}

function rootsOf(folders: readonly string[] | undefined): Record<string, string> {
  if (folders === undefined) return { Home: homedir(), "Working folder": process.cwd() };
  return Object.fromEntries(folders.map((folder) => [basename(resolve(folder)) || folder, resolve(folder)]));
}

/** By the system's own means; where there are none, the address was printed. */
async function openBrowser(address: string): Promise<void> {
  const { spawn } = await import("node:child_process");
  const [command, args] =
    process.platform === "darwin"
      ? (["open", [address]] as const)
      : process.platform === "win32"
        ? (["rundll32", ["url.dll,FileProtocolHandler", address]] as const)
        : (["xdg-open", [address]] as const);
  const child = spawn(command, args, { stdio: "ignore", detached: true });
  child.on("error", () => undefined);
  child.unref();
}
