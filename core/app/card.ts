import type { Json } from "../base/json.ts";
import type { Measurements } from "../contract/measurement.ts";
import type { Variant } from "../contract/project.ts";
import { opsetOf } from "../graph/domains.ts";
import { filesFor } from "./exportModel.ts";
import type { Prepared } from "./exportPlan.ts";
import { storedBytes } from "./modelFiles.ts";
import { baselineOf, type Project } from "./project.ts";
import type { OpenedData } from "./projectData.ts";
import type { Compared } from "./verifyBundle.ts";
import { engineFacts } from "./version.ts";

export interface CardParts {
  readonly variant: Variant;
  readonly prepared: Prepared;
  readonly compared: Compared;
  readonly data: OpenedData | undefined;
  readonly parity: {
    readonly inputs: readonly { readonly name: string; readonly file: string }[];
    readonly outputs: readonly { readonly name: string; readonly file: string }[];
  };
}

/** Where an exported model comes from and what is known of it, for people and for programs. */
export function cardOf(project: Project, { variant, prepared, compared, data, parity }: CardParts): Json {
  const baseline = baselineOf(project);
  const { vectors, written } = compared;
  const { choices, changes, source, model } = prepared;
  const { main } = filesFor(choices);
  const { bytes: _, ...own } = written.get(main) ?? { bytes: 0, sha256: "" };
  const external = [...written].filter(([name]) => name !== main);
  const card = {
    lathe: 1,
    name: variant.name,
    project: project.store.settings.name,
    exported: project.host.clock.now(),
    model: {
      file: main,
      ...own,
      bytes: [...written.values()].reduce((sum, { bytes }) => sum + bytes, 0),
      external: Object.fromEntries(external),
      opset: opsetOf(model),
      irVersion: model.irVersion,
      inputs: vectors.inputs,
      outputs: vectors.outputs,
    },
    export: {
      choices,
      changes,
      source: {
        sha256: variant.model.sha256,
        bytes: storedBytes(variant),
        external: variant.external,
        opset: opsetOf(source),
        irVersion: source.irVersion,
      },
      parity: compared.parity,
    },
    classes: data?.data.info.classes ?? null,
    preprocessing: data?.data.preprocessing ?? null,
    data:
      data === undefined
        ? null
        : {
            name: data.data.name,
            samples: data.data.info.count,
            fingerprint: data.fingerprint,
            splits: data.data.splits,
          },
    chain: chainOf(project, variant).map((v) => ({
      name: v.name,
      at: v.at,
      sha256: v.model.sha256,
      recipe: v.recipe,
      engine: v.engine,
    })),
    metrics: metricsOf(variant.measurements),
    baseline: { name: baseline.name, sha256: baseline.model.sha256, metrics: metricsOf(baseline.measurements) },
    warnings: variant.warnings,
    parity: { samples: vectors.count, ...parity },
    engine: engineFacts(),
  };
  // Absent fields vanish, as they do in a file.
  return JSON.parse(JSON.stringify(card)) as Json;
}

/** The variant's ancestors, oldest first, and itself. */
function chainOf(project: Project, variant: Variant): readonly Variant[] {
  const all = new Map(project.store.variants().map((v) => [v.id, v]));
  const chain: Variant[] = [];
  for (let v: Variant | undefined = variant; v !== undefined && !chain.includes(v); v = all.get(v.parent ?? ""))
    chain.unshift(v);
  return chain;
}

function metricsOf(measurements: Measurements | null): unknown {
  if (measurements === null) return null;
  const { at, machine, accuracy, latency, memory, size } = measurements;
  const { against, predictions: _, ...own } = accuracy ?? {};
  const { indices: __, ...difference } = against ?? {};
  return {
    at,
    machine,
    ...(accuracy && { accuracy: { ...own, ...(against && { against: difference }) } }),
    latency,
    ...(memory && { memory }),
    ...(size && { size }),
  };
}
