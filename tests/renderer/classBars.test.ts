import { expect, test } from "vitest";
import { classBars, drawnClasses } from "../../renderer/features/data/BalanceView.tsx";

const classes = Array.from({ length: 100 }, (_, i) => ({ class: `c${i}`, count: (i * 37) % 100 }));

test("few classes are all drawn, largest first; of many, the largest and the smallest", () => {
  expect(drawnClasses(classes.slice(0, 3)).map((c) => c.count)).toEqual([74, 37, 0]);
  const drawn = drawnClasses(classes, 6);
  expect(drawn.map((c) => c.count)).toEqual([99, 98, 97, 2, 1, 0]);
  const block = classBars("Samples", classes);
  expect(block.kind === "bars" && block.title).toBe("Samples: the largest and smallest of 100 classes");
});
