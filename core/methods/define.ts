import { z } from "zod";
import type { Applicability, Estimate, MethodFamily, MethodInfo } from "../contract/method.ts";
import type { Emit } from "../contract/event.ts";
import type { ReportBlock } from "../contract/report.ts";
import type { Host } from "../base/host.ts";
import type { Json } from "../base/json.ts";
import type { Model } from "../graph/model.ts";
import type { SampleStream } from "../data/batches.ts";
import type { SessionOptions } from "../runtime/session.ts";

/** What a method is given to work with. */
export interface MethodContext<P> {
  readonly model: Model;
  readonly params: P;
  readonly seed: number;
  /** The project's calibration split, prepared as the model expects it; absent where the project has no data. */
  readonly calibration: SampleStream | undefined;
  /** Device and threads for everything the method runs. */
  readonly session: SessionOptions;
  readonly host: Host;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

export interface MethodResult<F extends Json> {
  readonly model: Model;
  /** What was found out on the way: chosen ranges, sensitivities, gate. Plain JSON, kept with the variant. */
  readonly findings: F;
  /** Sentences for the user: what to be careful about with this result. */
  readonly warnings: readonly string[];
}

export interface MethodDefinition<S extends z.ZodType<object>, F extends Json> {
  /** Kebab-case; people type it. The same as the folder's name. */
  readonly id: string;
  readonly family: MethodFamily;
  readonly title: string;
  readonly summary: string;
  readonly paper?: string;
  /** Version of `params`; older recipes go through `upgrade`. */
  readonly version: number;
  readonly params: S;
  /** Parameters of an older version in the form of the next one. */
  readonly upgrade?: (params: Readonly<Record<string, Json>>, from: number) => Record<string, Json>;
  /** Does it need calibration samples? */
  readonly needsData: boolean;
  /** Whether it can run on this model, and what to know before it does. Fast; reads no data. */
  readonly applies: (model: Model) => Applicability;
  readonly estimate: (model: Model, params: z.output<S>) => Estimate;
  /** Loads the implementation when it is first needed. */
  readonly load: () => Promise<{ readonly run: (context: MethodContext<z.output<S>>) => Promise<MethodResult<F>> }>;
  /** Report blocks that explain one result. */
  readonly report: (findings: F, params: z.output<S>) => readonly ReportBlock[];
}

const BRAND: unique symbol = Symbol.for("lathe.method");

/** A method with its parameter type closed over, as the catalogue hands it out. */
export interface Method {
  readonly [BRAND]: true;
  readonly info: MethodInfo;
  readonly needsData: boolean;
  /** Full parameters from partial ones; throws `invalid-recipe` that names each wrong parameter. */
  parse(params: unknown): Record<string, Json>;
  upgrade(params: Readonly<Record<string, Json>>, from: number): Record<string, Json>;
  applies(model: Model): Applicability;
  estimate(model: Model, params: Record<string, Json>): Estimate;
  run(context: MethodContext<Record<string, Json>>): Promise<MethodResult<Json>>;
  report(findings: Json, params: Record<string, Json>): readonly ReportBlock[];
}
