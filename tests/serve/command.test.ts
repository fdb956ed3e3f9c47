import { expect, it } from "vitest";
import { describeMethod } from "../../core/app/methods.ts";
import { commandOf, exportCommand, type CommandParts } from "../../core/serve/command.ts";

const parts = async (change: Partial<CommandParts> & { readonly params?: CommandParts["run"]["params"] }) => ({
  method: await describeMethod("quantize-static"),
  from: "net",
  folder: "/data/project",
  home: "/home/ada",
  ...change,
  run: {
    method: "quantize-static",
    params: change.params ?? {},
    seed: 0,
    threads: 2,
    from: "v1",
    data: undefined,
    measure: true,
    ...change.run,
  },
});

it("names only what is not the default", async () => {
  const params = { samples: 256, perChannel: false, range: "entropy" };
  expect(commandOf(await parts({ params }))).toBe(
    "lathe run quantize-static --from net --threads 2 --no-per-channel --range entropy --project /data/project",
  );
});

it("repeats lists, and quotes what a shell would take apart", async () => {
  const params = { exclude: ["conv 1", "it's", "head*"] };
  expect(commandOf(await parts({ params, from: "my net" }))).toBe(
    "lathe run quantize-static --from 'my net' --threads 2 --exclude 'conv 1' --exclude 'it'\\''s' --exclude 'head*' --project /data/project",
  );
});

it("starts from the person's own folder where the project lies there", async () => {
  expect(commandOf(await parts({ folder: "/home/ada/my work/p" }))).toMatch(/--project ~\/'my work\/p'$/);
  expect(commandOf(await parts({ folder: "/home/adam/p" }))).toMatch(/--project \/home\/adam\/p$/);
});

it("exports with the choices that are not the default", () => {
  const choices = { format: "keep", opset: 21, rename: ["input=my image", "y=z"], samples: 16, batch: undefined };
  expect(exportCommand(choices, { variant: "net", folder: "/data/project", home: "/home/ada" })).toBe(
    "lathe export net --opset 21 --rename 'input=my image' --rename y=z --project /data/project",
  );
});
