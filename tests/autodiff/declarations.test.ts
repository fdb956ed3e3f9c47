import { describe, expect, it } from "vitest";
import { OPS } from "../../core/ops/registry.ts";

describe("declarations", () => {
  it("say what becomes of a gradient, and nothing is left to be written", () => {
    const open = OPS.filter(({ gradient }) => {
      if (typeof gradient === "function" || gradient === "stops" || "expand" in gradient) return false;
      return gradient.unsupported.length < 10 || /not written|todo|yet/i.test(gradient.unsupported);
    });
    expect(open.map((d) => d.op)).toEqual([]);
  });

  it("name each op and version once", () => {
    const keys = OPS.map((d) => `${d.domain}:${d.op}:${d.since}`);
    expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([]);
  });

  it("give reasons that read on after 'no gradient, because'", () => {
    const reasons = OPS.flatMap(({ gradient }) =>
      typeof gradient === "object" && "unsupported" in gradient ? [gradient.unsupported] : [],
    );
    expect(reasons.filter((reason) => !/^([a-z]|Lathe ).*[^.]$/.test(reason))).toEqual([]);
  });
});
