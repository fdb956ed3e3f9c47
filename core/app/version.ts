import manifest from "../../package.json" with { type: "json" };

export const LATHE_VERSION: string = manifest.version;

/** Version of the runtime that this Lathe is made for. */
export const RUNTIME_VERSION: string = manifest.dependencies["onnxruntime-node"];

/** What a variant's record says about who made it. */
export function engineFacts(): { readonly lathe: string; readonly runtime: string; readonly platform: string } {
  return {
    lathe: LATHE_VERSION,
    runtime: `onnxruntime-node ${RUNTIME_VERSION}`,
    platform: `${process.platform}-${process.arch}`,
  };
}
