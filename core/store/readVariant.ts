import type { z } from "zod";
import { variant, type Variant } from "../contract/project.ts";

/** A row of the table of variants. */
export interface VariantRow {
  readonly id: string;
  readonly name: string;
  readonly record: string;
}

/** A record that nothing can be read of, as it stands beside the others. */
export const isLost = ({ model }: Pick<Variant, "model">): boolean => model.sha256 === "";

/**
 * Reads a variant's record as far as it is whole: measurements are left out where they are damaged, since they can be
 * made again; where anything else is, only the name is known. `damage` says so.
 */
export function readVariant({ id, name, record }: VariantRow): Variant {
  const raw = fromJson(record);
  const whole = variant.safeParse(raw);
  if (whole.success) return whole.data;
  if (raw === undefined) return lostVariant({ id, name, why: "not JSON" });
  const why = issueOf(whole.error);
  const unmeasured = variant.safeParse({ ...raw, measurements: null });
  if (!unmeasured.success) return lostVariant({ id, name, why: issueOf(unmeasured.error), raw });
  return {
    ...unmeasured.data,
    damage: `Its measurements are damaged ("${why}") and left out; measure it again.`,
  };
}

function lostVariant(of: {
  readonly id: string;
  readonly name: string;
  readonly why: string;
  readonly raw?: Readonly<Record<string, unknown>>;
}): Variant {
  const { id, name, why, raw = {} } = of;
  return {
    id,
    name,
    at: typeof raw["at"] === "string" ? raw["at"] : new Date(0).toISOString(),
    parent: typeof raw["parent"] === "string" ? raw["parent"] : null,
    recipe: null,
    model: { sha256: "", bytes: 0 },
    external: {},
    measurements: null,
    findings: null,
    warnings: [],
    engine: { lathe: "", runtime: "", platform: "" },
    damage: `Its record is damaged ("${why}"); restore project.sqlite from a backup.`,
  };
}

function fromJson(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const raw: unknown = JSON.parse(text);
    return typeof raw === "object" && raw !== null ? (raw as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Where the first thing is wrong, and how. */
function issueOf({ issues: [first] }: z.ZodError): string {
  return `${first?.path.join(".") ?? ""}: ${first?.message ?? "wrong"}`;
}
