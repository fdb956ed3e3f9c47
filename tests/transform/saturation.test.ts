import { describe, expect, it } from "vitest";
import { seededRandom } from "../../core/base/random.ts";
import { countSaturation, type SaturationCount } from "../../core/transform/saturation.ts";

const none = (): SaturationCount => ({ pairs: 0, saturated: 0, signal: 0, noise: 0 });

describe("countSaturation", () => {
  it("saturates a pair of large products and keeps the rest", () => {
    const count = none();
    // 255·127·2 = 64770 becomes 32767; 255·−128·2 = −65280 becomes −32768.
    countSaturation(
      Uint8Array.of(255, 255, 255, 255, 1),
      { weights: Int8Array.of(127, 127, -128, -128, 5), offset: 0 },
      count,
    );
    const exact = 64770 - 65280 + 5;
    expect(count).toEqual({ pairs: 3, saturated: 2, signal: exact ** 2, noise: (64770 - 32767 - 65280 + 32768) ** 2 });
  });

  it("loses nothing at the limits, and never with 64 steps", () => {
    const count = none();
    countSaturation(Uint8Array.of(255, 191), { weights: Int8Array.of(64, 86), offset: 0 }, count);
    expect(255 * 64 + 191 * 86).toBeLessThanOrEqual(32767);
    countSaturation(Uint8Array.of(255, 255, 255, 255), { weights: Int8Array.of(64, 64, -64, -64), offset: 0 }, count);
    expect(count.saturated).toBe(0);
    expect(count.noise).toBe(0);
  });

  it("equals a saturating sum in 16 bits, whatever the length and offset", () => {
    const random = seededRandom(2);
    for (let round = 0; round < 200; round++) {
      const depth = 1 + random.integer(30);
      const offset = random.integer(5);
      const unsigned = Uint8Array.from({ length: depth }, () => random.integer(256));
      const weights = Int8Array.from({ length: offset + depth }, () => random.integer(256) - 128);
      const count = none();
      countSaturation(unsigned, { weights, offset }, count);
      let [exact, kept, saturated] = [0, 0, 0];
      for (let k = 0; k < depth; k += 2) {
        const pair = unsigned[k]! * weights[offset + k]! + (unsigned[k + 1] ?? 0) * (weights[offset + k + 1] ?? 0);
        const stored = Int16Array.of(Math.max(-32768, Math.min(32767, pair)))[0]!;
        exact += pair;
        kept += stored;
        if (stored !== pair) saturated++;
      }
      expect(count).toEqual({
        pairs: Math.ceil(depth / 2),
        saturated,
        signal: exact ** 2,
        noise: (exact - kept) ** 2,
      });
    }
  });
});
