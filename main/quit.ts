/** What becomes of running jobs when somebody quits. */
export type Quitting = "tray" | "checkpoint" | "stay";

/** The buttons of the question, in this order; the last one is what Escape means. */
export const QUIT_CHOICES: readonly { readonly label: string; readonly quitting: Quitting }[] = Object.freeze([
  { label: "Keep running in the tray", quitting: "tray" },
  { label: "Stop at a checkpoint and quit", quitting: "checkpoint" },
  { label: "Cancel", quitting: "stay" },
]);

/** What the question says. */
export function quitQuestion(running: number): { readonly message: string; readonly detail: string } {
  return {
    message: running === 1 ? "A job is still running." : `${running} jobs are still running.`,
    detail: "In the tray they go on. Stopped at a checkpoint, they go on when the project is opened again.",
  };
}

/** The choice behind a button; closing the question any other way changes nothing. */
export function quittingOf(button: number): Quitting {
  return QUIT_CHOICES[button]?.quitting ?? "stay";
}
