import { Icon } from "@blueprintjs/core";
import type { IconName } from "@blueprintjs/icons";
import type { ReactElement } from "react";

export interface GlyphProps {
  readonly icon: IconName;
  readonly size?: number;
  readonly className?: string | undefined;
}

/** A picture beside words that say the same; so it is hidden from those who listen. */
export function Glyph({ icon, size = 16, className = "" }: GlyphProps): ReactElement {
  return <Icon icon={icon} size={size} className={className} aria-hidden />;
}
