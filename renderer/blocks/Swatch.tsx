import type { ReactElement } from "react";
import type { Identity } from "./identity.ts";

export interface SwatchProps {
  readonly identity: Identity;
  readonly isShown?: boolean;
}

/** The symbol of a variant beside its name. */
export function Swatch({ identity, isShown = true }: SwatchProps): ReactElement | null {
  if (!isShown) return null;
  return (
    <svg className="swatch" width={14} height={14} aria-hidden>
      <path d={identity.symbol(7, 7)} fill={identity.colour} />
    </svg>
  );
}
