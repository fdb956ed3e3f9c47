import { shownTheme } from "../../kit/theme.ts";
import { useStore } from "../../kit/store.ts";
import type { Rgb } from "./raster.ts";

/** Colours of the theme as numbers, for what is drawn pixel by pixel. */
export interface Colours {
  readonly surface: Rgb;
  readonly muted: Rgb;
  readonly accent: Rgb;
  /** Those of the variants, in their order. */
  readonly looks: readonly Rgb[];
}

let known: { readonly theme: string; readonly colours: Colours } | undefined;

/** Follows the theme. */
export function useColours(): Colours {
  const theme = useStore(shownTheme);
  if (known?.theme !== theme) known = { theme, colours: readColours() };
  return known.colours;
}

function readColours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string): Rgb => rgbOf(style.getPropertyValue(name));
  return {
    surface: of("--surface"),
    muted: of("--muted"),
    accent: of("--accent"),
    looks: Array.from({ length: 8 }, (_, i) => of(`--c${i}`)),
  };
}

/** "#rrggbb" as tokens are written, or "#rgb" as the build shortens them. */
export function rgbOf(hex: string): Rgb {
  const digits = hex.trim().slice(1);
  const number = Number.parseInt(digits.length === 3 ? digits.replaceAll(/./g, "$&$&") : digits, 16);
  return Number.isNaN(number) ? [0, 0, 0] : [(number >> 16) & 255, (number >> 8) & 255, number & 255];
}
