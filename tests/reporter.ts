import type { Reporter, TestModule } from "vitest/node";

/** Ends a run with one plain line, `N passed, N failed, N skipped`, that a program can find. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string): number => tests.filter((test) => test.result().state === state).length;
    // A file that could not be loaded has no tests and has failed all the same; so has a stray error of the run.
    const broken = modules.filter((module) => module.errors().length > 0).length + unhandled.length;
    const line = `${count("passed")} passed, ${count("failed") + broken} failed, ${count("skipped")} skipped`;
    // After the summary of the default reporter, which prints at the end of the same event.
    process.once("exit", () => process.stdout.write(`${line}\n`));
  }
}
