import type { ChannelGroup, GroupMember } from "./groups.ts";

/** A group as people read it. */
export interface GroupExplanation {
  readonly group: string;
  readonly units: number;
  /** Whether units can be removed, and if not, why; or what their removal changes besides. */
  readonly verdict: string;
  readonly rows: readonly MemberExplanation[];
}

export interface MemberExplanation {
  /** "makes", "reads" or "follows". */
  readonly side: GroupMember["side"];
  readonly tensor: string;
  readonly axis: number;
  /** Node and what the constant is to it: 'Conv "c1", weight'. */
  readonly use: string;
  /** All indexes of the group, runs shortened: "0–15, 32–47". */
  readonly indexes: string;
  /** Indexes that one unit takes. */
  readonly perUnit: string;
}

export function explainGroup({ name, units, members, ...group }: ChannelGroup): GroupExplanation {
  return {
    group: name,
    units: units.length,
    verdict: verdictOf(group),
    rows: members.map(({ side, tensor, axis, op, node, role, indexes }) => ({
      side,
      tensor,
      axis,
      use: `${op} "${node}", ${role}`,
      indexes: describeRuns(indexes.flat()),
      perUnit: describeCounts(indexes.map((own) => own.length)),
    })),
  };
}

function verdictOf({ keptBecause, shiftedBecause }: Pick<ChannelGroup, "keptBecause" | "shiftedBecause">): string {
  if (keptBecause !== undefined) return `stays: ${keptBecause}`;
  return shiftedBecause === undefined ? "can be removed" : `can be removed, but ${shiftedBecause}`;
}

/** The explanation as lines of text, columns aligned. */
export function printGroup(group: ChannelGroup): string {
  const { units, verdict, rows } = explainGroup(group);
  const cells = rows.map((r) => [r.side, `${r.tensor}[${r.axis}]`, r.use, `${r.perUnit} a unit`, r.indexes]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const lines = cells.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ")}`.trimEnd());
  return [`${group.name}: ${units} ${units === 1 ? "unit" : "units"}, ${verdict}`, ...lines].join("\n");
}

/** Whole numbers with runs of neighbours shortened. */
export function describeRuns(numbers: readonly number[]): string {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  const runs: [number, number][] = [];
  for (const n of sorted) {
    const last = runs.at(-1);
    if (last?.[1] === n - 1) last[1] = n;
    else runs.push([n, n]);
  }
  return runs.map(([a, b]) => (a === b ? `${a}` : `${a}–${b}`)).join(", ");
}

function describeCounts(counts: readonly number[]): string {
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? `${least}` : `${least} to ${most}`;
}
