import { OverlayToaster, Position, type Toaster } from "@blueprintjs/core";
import { createRoot } from "react-dom/client";
import { addProblem } from "./problems.ts";

let toaster: Promise<Toaster> | undefined;

function theToaster(): Promise<Toaster> {
  toaster ??= OverlayToaster.create({ position: Position.BOTTOM_RIGHT, maxToasts: 1 }, { domRenderer: render });
  return toaster;
}

function render(element: React.JSX.Element, container: Element | DocumentFragment): void {
  createRoot(container).render(element);
}

export interface ToastOptions {
  readonly tone?: "plain" | "good" | "bad";
  /** Takes back what the toast tells of. */
  readonly undo?: () => void;
}

/** Tells of something in passing. One at a time: the newest. */
export async function toast(message: string, { tone = "plain", undo }: ToastOptions = {}): Promise<void> {
  // Gone from the corner, a failure is still told of in the bottom panel.
  if (tone === "bad") addProblem(message);
  const shown = await theToaster();
  shown.clear();
  shown.show({
    message,
    intent: tone === "good" ? "success" : tone === "bad" ? "danger" : "none",
    timeout: undo === undefined ? 5000 : 10_000,
    ...(undo !== undefined && { action: { text: "Undo", onClick: undo } }),
  });
}
