/** Text of numbers for people: the same everywhere, in English notation, with a real minus sign. */

/** A number with `digits` significant digits where it is small, and no decimals above that. */
export function formatNumber(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return "0";
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  const decimals = Math.min(8, Math.max(0, digits - 1 - magnitude));
  return formatFixed(value, decimals);
}

export function formatFixed(value: number, decimals: number): string {
  const text = Math.abs(value).toLocaleString("en-US", {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
  return value < 0 && /[1-9]/.test(text) ? `−${text}` : text;
}

/** Always with a sign, except for what rounds to zero. */
export function formatSigned(value: number, decimals: number): string {
  const text = formatFixed(value, decimals);
  return value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

/** A fraction as a percentage: 0.915 is "91.5 %". */
export function formatPercent(fraction: number, decimals = 1): string {
  return `${formatFixed(fraction * 100, decimals)} %`;
}

const BYTES = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

export function formatBytes(bytes: number): string {
  const step = stepOf(bytes, 1024, BYTES.length);
  return step === 0 ? `${bytes} B` : `${formatNumber(bytes / 1024 ** step)} ${BYTES[step] ?? ""}`;
}

const COUNTS = ["", " k", " M", " G", " T"] as const;

/** A count with a decimal prefix: 272474 is "272 k". */
export function formatCount(count: number): string {
  const step = stepOf(count, 1000, COUNTS.length);
  return step === 0
    ? Number.isInteger(count)
      ? String(count)
      : formatNumber(count)
    : `${formatNumber(count / 1000 ** step)}${COUNTS[step] ?? ""}`;
}

/** Milliseconds with the unit that suits: µs, ms or s. */
export function formatMilliseconds(milliseconds: number): string {
  const size = Math.abs(milliseconds);
  if (size > 0 && size < 0.1) return `${formatNumber(milliseconds * 1000)} µs`;
  return size < 10_000 ? `${formatNumber(milliseconds)} ms` : `${formatNumber(milliseconds / 1000)} s`;
}

function stepOf(value: number, base: number, count: number): number {
  let step = 0;
  for (let rest = Math.abs(value); rest >= base && step < count - 1; rest /= base) step++;
  return step;
}
