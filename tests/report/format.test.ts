import { expect, test } from "vitest";
import {
  formatBytes,
  formatCount,
  formatMilliseconds,
  formatNumber,
  formatPercent,
  formatSigned,
} from "../../core/base/format.ts";

test.each([
  [formatNumber(0), "0"],
  [formatNumber(1234.5), "1,235"],
  [formatNumber(-0.012345), "−0.0123"],
  [formatPercent(0.91549), "91.5 %"],
  [formatSigned(0.25, 1), "+0.3"],
  [formatSigned(-0.04, 1), "0.0"],
  [formatBytes(900), "900 B"],
  [formatBytes(1536), "1.50 KiB"],
  [formatBytes(113 * 2 ** 20), "113 MiB"],
  [formatCount(32), "32"],
  [formatCount(272_474), "272 k"],
  [formatCount(40_812_544), "40.8 M"],
  [formatMilliseconds(0.0421), "42.1 µs"],
  [formatMilliseconds(1.423), "1.42 ms"],
  [formatMilliseconds(61_000), "61.0 s"],
])("writes %s", (found, expected) => {
  expect(found).toBe(expected);
});
