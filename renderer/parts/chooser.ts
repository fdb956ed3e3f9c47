import type { Choice } from "../../core/contract/desktop.ts";
import type { Place } from "../../core/contract/place.ts";
import type { Engine } from "../client/engine.ts";
import { createStore } from "../kit/store.ts";

export interface Chosen {
  readonly place: Place;
  /** For people: the name of what was chosen. */
  readonly name: string;
}

export interface ChooserRequest {
  readonly choice: Choice | "data";
  readonly answer: (chosen: Chosen | undefined) => void;
}

/** What the chooser's dialog is open for. */
export const chooserRequest = createStore<ChooserRequest | undefined>(undefined);

/** Lets a person choose a file or folder: by the system's dialog on the desktop, by the engine's own in a browser. */
export async function choose({ desktop }: Engine, choice: ChooserRequest["choice"]): Promise<Chosen | undefined> {
  if (desktop !== undefined) {
    const place = await desktop.choose(choice === "data" ? "folder" : choice);
    return place && { place, name: place.path };
  }
  return new Promise((answer) => chooserRequest.set({ choice, answer }));
}
