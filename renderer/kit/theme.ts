import { createLastingStore, createStore, type Store } from "./store.ts";

export const THEMES = ["system", "light", "dark", "contrast"] as const;
export type Theme = (typeof THEMES)[number];

export const theme: Store<Theme> = createLastingStore<Theme>("lathe.theme", "system", (kept) =>
  THEMES.find((t) => t === kept),
);

/** The theme that is seen: what "system" means now. */
export const shownTheme: Store<Exclude<Theme, "system">> = createStore<Exclude<Theme, "system">>("light");

/** Keeps the page's classes in step with the theme and the system's wish. */
export function watchTheme(): void {
  const wishes = [matchMedia("(prefers-color-scheme: dark)"), matchMedia("(prefers-contrast: more)")];
  const apply = (): void => {
    const [dark, contrast] = wishes;
    const chosen = theme.get();
    const shown = chosen !== "system" ? chosen : contrast?.matches ? "contrast" : dark?.matches ? "dark" : "light";
    shownTheme.set(shown);
    document.documentElement.dataset["theme"] = shown;
    // Blueprint's own dark colours; portals hang on the body.
    document.body.classList.toggle("bp6-dark", shown !== "light");
  };
  for (const wish of wishes) wish.addEventListener("change", apply);
  theme.subscribe(apply);
  apply();
}
