import type { ReactElement } from "react";
import { formatNumber } from "../../../core/base/format.ts";
import type { SamplePreview } from "../../../core/contract/samples.ts";
import { Glyph } from "../../kit/Glyph.tsx";

export interface PreviewProps {
  readonly preview: SamplePreview | undefined;
  /** What listeners are told; the empty text where words beside it say the same. */
  readonly label: string;
}

const WIDTH = 96;
const HEIGHT = 64;

/** A sample, drawn: a picture, the first values, or the course of a long array. */
export function Preview({ preview, label }: PreviewProps): ReactElement {
  if (preview === undefined) return <span className="preview preview-waiting" />;
  switch (preview.kind) {
    case "image": {
      const isSmall = Math.max(preview.width, preview.height) <= 96;
      return (
        <img
          className={isSmall ? "preview preview-image preview-pixels" : "preview preview-image"}
          src={preview.url}
          alt={label}
          draggable={false}
        />
      );
    }
    case "values":
      return (
        <span className="preview preview-values">
          {preview.values.map((value, i) => (
            <span key={i}>{formatNumber(value)}</span>
          ))}
        </span>
      );
    case "curve": {
      const { low, high } = preview;
      const [least, most] = [Math.min(...low), Math.max(...high)];
      const y = (v: number): number => HEIGHT - 4 - ((v - least) / (most - least || 1)) * (HEIGHT - 8);
      const x = (i: number): number => ((i + 0.5) * WIDTH) / low.length;
      const d = low
        .map((v, i) => `M${x(i).toFixed(1)} ${y(v).toFixed(1)}V${(y(high[i] ?? v) - 0.6).toFixed(1)}`)
        .join("");
      return (
        <svg
          className="preview preview-curve"
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          {...(label === "" ? { "aria-hidden": true } : { role: "img", "aria-label": label })}
        >
          <path d={d} />
        </svg>
      );
    }
    case "broken":
      return (
        <span className="preview preview-broken" title={preview.reason}>
          <Glyph icon="warning-sign" className="tone-warning" />
          <span>Cannot be read</span>
        </span>
      );
  }
}
