import { InvalidArgumentError, type Command } from "commander";
import type { Objective } from "../../contract/trials.ts";
import type { TrialSearch } from "../../contract/trialViews.ts";
import { formatNumber, formatPercent } from "../../base/format.ts";
import type { Project } from "../../app/project.ts";
import type { TrialAnswer, TrialQuestion } from "../../app/trialQueries.ts";
import {
  act,
  collect,
  inProject,
  wholeNumber,
  withProjectOption,
  type Io,
  type ProjectOptions,
  type Run,
} from "../io.ts";
import { textTable } from "../table.ts";

interface TrialsOptions extends ProjectOptions {
  readonly where?: readonly Condition[];
  readonly by?: string;
  readonly descending?: boolean;
  readonly limit: number;
  readonly offset: number;
  readonly front?: readonly Objective[];
  readonly importance?: string;
  readonly recipe?: number;
}

interface Condition {
  readonly column: string;
  readonly sign: ">=" | "<=" | "=";
  readonly value: string;
}

const HELP = `
Columns are number, state, group, method, job and seconds; param.NAME of what was tried, value.NAME of what it came to.
A bare NAME means a value, or else a parameter.
  lathe trials --where accuracy>=0.9 --where state=done --by latency
  lathe trials --front accuracy:most --front latency:least
  lathe trials --importance accuracy
  lathe trials --recipe 12 > recipe.json`;

/** `trials`: what searches have tried. */
export function addTrialsCommand(program: Command, run: Run): void {
  const command = withProjectOption(program.command("trials"))
    .description("list, filter and sort what searches have tried; their front; what a result goes with")
    .option("--where <condition>", "COLUMN>=NUMBER, COLUMN<=NUMBER or COLUMN=TEXT (repeatable)", collect(condition))
    .option("--by <column>", "sort by a column")
    .option("--descending", "the largest first")
    .option("--limit <count>", "most rows to print", wholeNumber(1), 20)
    .option("--offset <count>", "rows to leave out", wholeNumber(0), 0)
    .option(
      "--front <objective>",
      "only those that no other beats: VALUE:most or VALUE:least (repeatable)",
      collect(goal),
    )
    .option("--importance <value>", "how much of the spread of a value goes with each parameter alone")
    .option("--recipe <id>", "the run that makes one trial again, as JSON", wholeNumber(1))
    .addHelpText("after", HELP);
  act<TrialsOptions>(command, run, (io, options) =>
    inProject(options, "read", (project) => answer(io, project, options)),
  );
}

function condition(text: string): Condition {
  const found = /^(.+?)(>=|<=|=)(.*)$/.exec(text);
  if (found === null) throw new InvalidArgumentError('Write for instance "accuracy>=0.9".');
  return { column: found[1] ?? "", sign: found[2] as Condition["sign"], value: found[3] ?? "" };
}

function goal(text: string): Objective {
  const [value = "", wanted] = text.split(":");
  if (wanted !== "most" && wanted !== "least") throw new InvalidArgumentError('Write for instance "accuracy:most".');
  return { value, goal: wanted };
}

async function answer(io: Io, project: Project, options: TrialsOptions): Promise<unknown> {
  if (options.recipe !== undefined) {
    const { trialRecipe } = await import("../../app/trialRecipe.ts");
    const recipe = await trialRecipe(project, options.recipe);
    io.print(JSON.stringify(recipe, undefined, 2));
    return recipe;
  }
  const { answerTrials, emptyCache } = await import("../../app/trialQueries.ts");
  const cache = emptyCache();
  const ask = <Q extends TrialQuestion>(question: Q): Promise<TrialAnswer<Q>> =>
    answerTrials(project.store, cache, question);
  const summary = await ask({ kind: "summary" });
  if (summary.total === 0) {
    io.print("There are no trials yet: lathe run search-random.");
    return { total: 0, rows: [] };
  }
  const known = summary.columns.map((c) => c.id);
  const columnOf = (name: string): string =>
    [name, `value.${name}`, `param.${name}`].find((id) => known.includes(id)) ?? name;
  const search = searchOf(options.where ?? [], columnOf);
  if (options.importance !== undefined) {
    const found = await ask({ kind: "importance", search, value: options.importance });
    const rows = found.map((i) => [i.title, formatPercent(i.share), String(i.trials), String(i.groups)]);
    const columns = [
      { title: "Parameter" },
      ...["Share", "Trials", "Groups"].map((title) => ({ title, isNumber: true })),
    ];
    io.print(
      found.length === 0 ? "No parameter varies among finished trials with that value." : textTable(columns, rows),
    );
    return { importance: found };
  }
  const front = options.front && (await ask({ kind: "front", search, objectives: options.front }));
  const { by, descending = false, limit, offset } = options;
  const page = await ask({
    kind: "page",
    search: front === undefined ? search : { ...search, ids: front.ids },
    ...(by !== undefined && { order: { column: columnOf(by), isDescending: descending } }),
    offset,
    limit,
  });
  const values = summary.columns.filter((c) => c.kind === "value").map((c) => c.title);
  const columns = [{ title: "Id", isNumber: true }, { title: "Sampler" }, { title: "State" }];
  io.print(
    textTable(
      [...columns, ...values.map((title) => ({ title, isNumber: true })), { title: "Parameters" }],
      page.rows.map(({ id, trial }) => [
        String(id),
        trial.group ?? "",
        trial.state,
        ...values.map((v) => (trial.values[v] === undefined ? "" : formatNumber(trial.values[v], 4))),
        JSON.stringify(trial.point),
      ]),
    ),
  );
  io.print(
    front === undefined
      ? `${page.rows.length} of ${page.total} trials.`
      : `${front.ids.length} of ${front.of} finished trials are beaten by no other; hypervolume ${formatNumber(front.hypervolume.at(-1)?.[1] ?? 0, 4)} of the box between the worst and the best values.`,
  );
  return { ...page, ...(front && { front }) };
}

function searchOf(conditions: readonly Condition[], columnOf: (name: string) => string): TrialSearch {
  const ranges: NonNullable<TrialSearch["ranges"]> = {};
  const texts: NonNullable<TrialSearch["texts"]> = {};
  for (const { column: name, sign, value } of conditions) {
    const column = columnOf(name);
    if (sign === "=") texts[column] = [...(texts[column] ?? []), value];
    else ranges[column] = { ...ranges[column], [sign === ">=" ? "least" : "most"]: Number(value) };
  }
  return { ranges, texts };
}
