import type { Place } from "./place.ts";

/** What a file dialog is to choose. */
export type Choice = "model" | "data-file" | "folder" | "project";

/** What the desktop asks of a page: a command of its registry, or a file that was opened from outside. */
export type DesktopRequest =
  | { readonly kind: "command"; readonly id: string }
  | { readonly kind: "open"; readonly place: Place; readonly name: string }
  /** A screen, by its address within the page. */
  | { readonly kind: "go"; readonly path: string }
  | { readonly kind: "notice"; readonly text: string };

/** What the preload script gives to the renderer as `window.lathe`; absent in an ordinary browser. */
export interface DesktopApi {
  readonly versions: {
    readonly electron: string;
    readonly chrome: string;
    readonly node: string;
  };
  /** Asks for a new port to the engine, which arrives as a message "lathe:port" of the window. */
  connect(): void;
  /** A dialog of the system; undefined where it was closed. */
  choose(choice: Choice): Promise<Place | undefined>;
  /** What was dropped onto the page. */
  placeOf(file: File): Promise<Place | undefined>;
  /** Share of work that is done, for the task bar; undefined where there is none. */
  showProgress(share: number | undefined): void;
  /** Tells by the system's own means, where the window is not in front. A click leads to the screen. */
  notify(title: string, text: string, path: string): void;
  /** Whether the machine is to stay awake. */
  keepAwake(isWanted: boolean): void;
  /** Keys of commands that are not the registry's, for the menu; an empty text means none. */
  showKeys(keys: Readonly<Record<string, string>>): void;
  /** Hears of what the menu and the system ask. */
  onRequest(listener: (request: DesktopRequest) => void): void;
}
