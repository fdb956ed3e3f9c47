/** How much the 16-bit pair sums of eight-bit x86 kernels without VNNI would lose. */
export interface SaturationCount {
  pairs: number;
  saturated: number;
  /** Σ exact², for the signal. */
  signal: number;
  /** Σ (exact − saturating)², for the noise. */
  noise: number;
}

/**
 * Adds up one dot product as `vpmaddubsw` does: unsigned × signed products of neighbours are summed in
 * pairs, and each pair sum saturates at 16 bits (Intel SDM, PMADDUBSW). Products stand in the order in
 * which the runtime packs them.
 * @param unsigned activations in [0, 255]
 * @param signed weights in [−128, 127], starting at `offset`
 */
export function countSaturation(
  unsigned: Uint8Array,
  signed: { readonly weights: Int8Array; readonly offset: number },
  into: SaturationCount,
): void {
  const { weights, offset } = signed;
  let exact = 0;
  let lost = 0;
  for (let k = 0; k < unsigned.length; k += 2) {
    const first = unsigned[k]! * weights[offset + k]!;
    const second = k + 1 < unsigned.length ? unsigned[k + 1]! * weights[offset + k + 1]! : 0;
    const sum = first + second;
    exact += sum;
    into.pairs++;
    if (sum > 32767) lost += sum - 32767;
    else if (sum < -32768) lost += sum + 32768;
    else continue;
    into.saturated++;
  }
  into.signal += exact * exact;
  into.noise += lost * lost;
}
