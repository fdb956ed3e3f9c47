import { Callout } from "@blueprintjs/core";
import type { ReactElement } from "react";
import type { ReportBlock } from "../../core/contract/report.ts";
import { BarsChart } from "./BarsChart.tsx";
import { identify, type Identities } from "./identity.ts";
import { LinesChart } from "./LinesChart.tsx";
import { ScatterChart } from "./ScatterChart.tsx";
import { TableBlock } from "./TableBlock.tsx";

export interface BlocksProps {
  readonly blocks: readonly ReportBlock[];
  /** How variants look; without it, each block finds its own way. */
  readonly identities?: Identities;
}

/** Report blocks, drawn. Methods never draw; they give these. */
export function Blocks({ blocks, identities = identify([]) }: BlocksProps): ReactElement {
  return (
    <>
      {blocks.map((block, i) => (
        <Block key={i} block={block} identities={identities} />
      ))}
    </>
  );
}

function Block({ block, identities }: { readonly block: ReportBlock; readonly identities: Identities }): ReactElement {
  switch (block.kind) {
    case "heading":
      return block.level === 2 ? <h2>{block.text}</h2> : <h3>{block.text}</h3>;
    case "text":
      return <p className="prose">{block.text}</p>;
    case "callout":
      return (
        <Callout compact intent={block.tone === "good" ? "success" : block.tone === "warning" ? "warning" : "primary"}>
          {block.text}
        </Callout>
      );
    case "facts":
      return (
        <dl className="facts">
          {block.facts.map(({ name, value }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      );
    case "table":
      return <TableBlock block={block} identities={identities} />;
    case "tiles":
      return (
        <div className="tiles">
          {block.tiles.map(({ label, text, note }) => (
            <div key={label} className="tile">
              <span className="muted">{label}</span>
              <strong>{text}</strong>
              {note !== undefined && <span className="muted">{note}</span>}
            </div>
          ))}
        </div>
      );
    case "bars":
      return <BarsChart block={block} identities={identities} />;
    case "scatter":
      return <ScatterChart block={block} identities={identities} />;
    case "lines":
      return <LinesChart block={block} identities={identities} />;
    case "code":
      return (
        <pre className="code" tabIndex={0} role="region" aria-label={block.language}>
          {block.text}
        </pre>
      );
  }
}
