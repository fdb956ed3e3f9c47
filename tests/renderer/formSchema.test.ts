import { expect, test } from "vitest";
import { findMethod } from "../../core/methods/catalogue.ts";
import { changedOf, defaultText, fieldsOf, problemOf, rangeText } from "../../renderer/form/schema.ts";

const { info } = await findMethod("prune-channels");
const rate = fieldsOf(info.params).find((f) => f.name === "rate")!;

test("a parameter that is a word or a number says so, and takes both", () => {
  expect(rangeText(rate.schema)).toBe("auto or a number above 0");
  expect(defaultText(rate.schema)).toBe("default auto");
  for (const value of ["auto", 0.5]) expect(problemOf(rate, { rate: value })).toBeUndefined();
  expect(problemOf(rate, {})).toBeUndefined();
  expect(changedOf([rate], { rate: "auto" })).toEqual({});
  expect(changedOf([rate], { rate: 0.5 })).toEqual({ rate: 0.5 });
});

test("what is neither word nor number in range is told what to be", () => {
  expect(problemOf(rate, { rate: "au" })).toBe("Enter auto or a number above 0.");
  expect(problemOf(rate, { rate: "" })).toBe("Enter auto or a number above 0.");
  expect(problemOf(rate, { rate: 0 })).toBe("Enter a number: above 0.");
});
