import type { GraphWriter } from "../ops/gradient.ts";
import { intVector } from "../ops/constants.ts";
import type { Update, UpdateCall } from "./optimizers.ts";

/** Fewer vectors are not worth the copies. */
const FEWEST = 3;

/** The update of one vector: all parts of the call have this many elements. */
export interface VectorCall {
  readonly call: UpdateCall;
  readonly length: number;
}

/**
 * Updates vectors that decay alike as one long vector: in nets with many normalisations a node costs more than the
 * numbers of one. The results are the same bytes as of single updates.
 * @param update of an optimiser that treats every element for itself
 * @returns in the order of the calls
 */
export function joinedUpdate(
  write: GraphWriter,
  update: (call: UpdateCall) => Update,
  calls: readonly VectorCall[],
): readonly Update[] {
  const results = new Map<VectorCall, Update>();
  for (const group of Map.groupBy(calls, (c) => c.call.decay).values()) {
    if (group.length < FEWEST) {
      for (const single of group) results.set(single, update(single.call));
      continue;
    }
    const joined = (of: (call: UpdateCall) => string): string =>
      write.op(
        "Concat",
        group.map((c) => of(c.call)),
        { axis: 0 },
      );
    const lengths = intVector(
      write,
      group.map((c) => c.length),
    );
    const parts = (value: string): readonly string[] =>
      write.ops("Split", [value, lengths], { attributes: { axis: 0 }, outputs: group.length });
    const { state, decay } = group[0]!.call;
    const after = update({
      weight: joined((c) => c.weight),
      gradient: joined((c) => c.gradient),
      state: state.map((_, i) => joined((c) => c.state[i] ?? "")),
      decay,
    });
    const [weights, states] = [parts(after.weight), after.state.map(parts)];
    for (const [i, member] of group.entries()) {
      results.set(member, { weight: weights[i] ?? "", state: states.map((s) => s[i] ?? "") });
    }
  }
  return calls.map((c) => results.get(c)!);
}
