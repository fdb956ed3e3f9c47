import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { openLines, readLines } from "../../core/app/lines.ts";
import { temporaryFolder } from "../store/fixtures.ts";

const schema = z.strictObject({ n: z.int() });

test("a line that a dying process left torn is not read, and is cut off before more is written", () => {
  const path = join(temporaryFolder(), "deep", "log.jsonl");
  const first = openLines(path);
  first.append({ n: 1 });
  first.append({ n: 2 }, true);
  first.close();
  appendFileSync(path, '{"n": 3');
  expect(readLines(path, schema)).toEqual([{ n: 1 }, { n: 2 }]);
  const second = openLines(path);
  second.append({ n: 4 });
  second.close();
  expect(readLines(path, schema)).toEqual([{ n: 1 }, { n: 2 }, { n: 4 }]);
  expect(readFileSync(path, "utf8")).toBe('{"n":1}\n{"n":2}\n{"n":4}\n');
});

test("every prefix of a file of lines can be read", () => {
  const path = join(temporaryFolder(), "log.jsonl");
  const whole = '{"n":1}\n{"n":22}\n{"n":3}\n';
  for (let length = 0; length <= whole.length; length++) {
    writeFileSync(path, whole.slice(0, length));
    const complete = whole.slice(0, length).split("\n").length - 1;
    expect(readLines(path, schema).map((l) => l.n)).toEqual([1, 22, 3].slice(0, complete));
  }
});

test("gives what comes after a line, and nothing of a file that is not there", () => {
  const path = join(temporaryFolder(), "log.jsonl");
  writeFileSync(path, '{"n":1}\nnonsense\n{"n":3}\n');
  expect(readLines(path, schema, 1)).toEqual([{ n: 3 }]);
  expect(readLines(path, schema, 3)).toEqual([]);
  expect(readLines(`${path}.none`, schema)).toEqual([]);
});
