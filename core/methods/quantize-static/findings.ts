import type { SpeedGate } from "../../measure/speedGate.ts";
import type { OutputError } from "../../measure/outputError.ts";

export interface LayerSensitivity extends OutputError {
  readonly node: string;
  readonly op: string;
}

export interface LayerSaturation {
  readonly node: string;
  /** Share of product pairs that would saturate, in [0, 1]. */
  readonly saturated: number;
  /** Signal-to-noise of the sums with saturation against those without, in dB. */
  readonly sqnr: number;
}

/** What a run of static quantisation found out. */
export interface Findings {
  readonly gate: SpeedGate;
  readonly samples: number;
  readonly folded: number;
  readonly equalized: readonly (readonly [string, string])[];
  readonly layers: readonly {
    readonly node: string;
    readonly op: string;
    readonly weightSqnr: number;
    readonly channels: number;
    /** Channels with fewer levels, so that no sum can saturate; absent in older records. */
    readonly reduced?: number;
  }[];
  readonly ranges: readonly {
    readonly value: string;
    readonly low: number;
    readonly high: number;
    readonly scale: number;
    readonly zeroPoint: number;
  }[];
  readonly kept: readonly { readonly node: string; readonly op: string; readonly reason: string }[];
  readonly sensitivity: readonly LayerSensitivity[];
  readonly excluded: readonly string[];
  readonly saturation: readonly LayerSaturation[];
}
