import { Command } from "commander";
import { expect, test } from "vitest";
import { z } from "zod";
import type { MethodInfo } from "../../core/contract/method.ts";
import { describeParameters, flagsOf, paramsFrom } from "../../core/cli/flags.ts";
import { textTable } from "../../core/cli/table.ts";

const params = z.strictObject({
  learningRate: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .meta({ title: "Learning rate", description: "Step size.", unit: "1/step" }),
  epochs: z.int().positive().default(3).meta({ title: "Epochs", description: "Rounds." }),
  perChannel: z.boolean().default(true).meta({ title: "Per channel", description: "One scale each." }),
  mode: z.enum(["fast", "exact"]).default("fast").meta({ title: "Mode", description: "How.", advanced: true }),
  exclude: z.array(z.string()).default([]).meta({ title: "Exclude", description: "Layers." }),
  bits: z
    .array(z.union([z.literal(4), z.literal(8)]))
    .default([8])
    .meta({ title: "Bits", description: "Widths." }),
});

const method: MethodInfo = {
  id: "sample",
  family: "train",
  title: "Sample",
  summary: "For tests.",
  version: 1,
  params: z.toJSONSchema(params, { io: "input" }) as MethodInfo["params"],
};

function parse(...args: string[]): Record<string, unknown> {
  const command = new Command("sample").exitOverride().configureOutput({ writeErr: () => undefined });
  for (const flag of flagsOf(method)) command.addOption(flag);
  command.parse(args, { from: "user" });
  return paramsFrom(method, command.opts());
}

test("flags that nobody gives leave the method its defaults", () => {
  expect(parse()).toEqual({});
});

test("every kind of parameter has its kind of flag", () => {
  const given = parse(
    "--learning-rate",
    "0.5",
    "--epochs",
    "7",
    "--no-per-channel",
    "--mode",
    "exact",
    "--exclude",
    "a",
    "--exclude",
    "b",
    "--bits",
    "4",
    "--bits",
    "8",
  );
  expect(given).toEqual({
    learningRate: 0.5,
    epochs: 7,
    perChannel: false,
    mode: "exact",
    exclude: ["a", "b"],
    bits: [4, 8],
  });
  expect(params.parse(given)).toEqual(given);
  expect(parse("--per-channel")).toEqual({ perChannel: true });
});

test.each([
  [["--per-channel"], true],
  [["--per-channel", "on"], true],
  [["--per-channel=true"], true],
  [["--per-channel", "off"], false],
  [["--per-channel=false"], false],
  [["--no-per-channel"], false],
  [["--per-channel", "--epochs", "2"], true],
])("a switch is set by %j", (args, value) => {
  expect(parse(...args)["perChannel"]).toBe(value);
});

test.each([
  [["--per-channel", "of"], '"of" is not on or off.'],
  [["--learning-rate", "2"], '"2" is not a number from 0 to 1.'],
  [["--epochs", "1.5"], '"1.5" is not a whole number above 0.'],
  [["--epochs", ""], '"" is not a whole number above 0.'],
  [["--mode", "slow"], "Allowed choices are fast, exact."],
])("%j is refused where it is typed", (args, message) => {
  expect(() => parse(...args)).toThrow(message);
});

test("the table of parameters has range, default and unit", () => {
  expect(describeParameters(method)[0]).toEqual({
    name: "learningRate",
    flag: "--learning-rate",
    values: "a number from 0 to 1",
    fallback: "0.1",
    text: "Learning rate: Step size (1/step)",
  });
});

test("a word or a number is typed as either, and told apart from anything else", () => {
  const either = z.strictObject({
    rate: z
      .union([z.literal("auto"), z.number().positive()])
      .default("auto")
      .meta({ title: "Rate", description: "Speed." }),
  });
  const tuned = { params: z.toJSONSchema(either, { io: "input" }) };
  const given = (text: string): unknown => {
    const command = new Command("sample").exitOverride().configureOutput({ writeErr: () => undefined });
    for (const flag of flagsOf(tuned)) command.addOption(flag);
    command.parse(["--rate", text], { from: "user" });
    return paramsFrom(tuned, command.opts())["rate"];
  };
  expect(given("auto")).toBe("auto");
  expect(given("0.02")).toBe(0.02);
  for (const text of ["fast", "0", ""]) expect(() => given(text)).toThrow(`"${text}" is not auto or a number above 0.`);
  expect(describeParameters(tuned)[0]).toMatchObject({ values: "auto or a number above 0", fallback: "auto" });
});

test("tables line up and disarm escape sequences", () => {
  const text = textTable(
    [{ title: "Name" }, { title: "Size", isNumber: true }],
    [
      ["a\u001b[31m", "1"],
      ["long name", "1,000"],
    ],
  );
  expect(text).toBe(["Name        Size", "─────────  ─────", "a\uFFFD[31m         1", "long name  1,000"].join("\n"));
});

test("a choice among numbers is a number", () => {
  const chosen = z.strictObject({ bits: z.literal([4, 8]).default(8).meta({ title: "Bits", description: "Width." }) });
  const net = { params: z.toJSONSchema(chosen, { io: "input" }) };
  const command = new Command("sample").exitOverride().configureOutput({ writeErr: () => undefined });
  for (const flag of flagsOf(net)) command.addOption(flag);
  command.parse(["--bits", "4"], { from: "user" });
  expect(paramsFrom(net, command.opts())).toEqual({ bits: 4 });
  expect(() => command.parse(["--bits", "5"], { from: "user" })).toThrow('"5" is not one of 4, 8.');
});
