import { Callout } from "@blueprintjs/core";
import { Fragment, type ReactElement } from "react";
import type { ReportBlock } from "../../core/contract/report.ts";
import { BarsChart } from "./BarsChart.tsx";
import { identify, type Identities } from "./identity.ts";
import { LinesChart } from "./LinesChart.tsx";
import { ScatterChart } from "./ScatterChart.tsx";
import { TableBlock } from "./TableBlock.tsx";

export interface BlocksProps {
  readonly blocks: readonly ReportBlock[];
  /** How variants look; without it, rows of tables have no marks, and each chart finds its own way. */
  readonly identities?: Identities;
}

/** Report blocks, drawn. Methods never draw; they give these. */
export function Blocks({ blocks, identities }: BlocksProps): ReactElement {
  return (
    <>
      {runsOf(blocks).map((run, i) => {
        const drawn = run.map((block, j) => <Block key={j} block={block} identities={identities} />);
        return run.length === 1 ? (
          <Fragment key={i}>{drawn}</Fragment>
        ) : (
          <div key={i} className="charts">
            {drawn}
          </div>
        );
      })}
    </>
  );
}

const CHARTS: ReadonlySet<ReportBlock["kind"]> = new Set(["bars", "scatter", "lines"]);

/** Charts that follow each other stand side by side; anything else stands alone. */
function runsOf(blocks: readonly ReportBlock[]): readonly (readonly ReportBlock[])[] {
  const runs: ReportBlock[][] = [];
  for (const block of blocks) {
    const last = runs.at(-1);
    if (CHARTS.has(block.kind) && last !== undefined && CHARTS.has(last[0]!.kind)) last.push(block);
    else runs.push([block]);
  }
  return runs;
}

interface BlockProps {
  readonly block: ReportBlock;
  readonly identities: Identities | undefined;
}

function Block({ block, identities }: BlockProps): ReactElement {
  const looks = identities ?? identify([]);
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
      return <BarsChart block={block} identities={looks} />;
    case "scatter":
      return <ScatterChart block={block} identities={looks} />;
    case "lines":
      return <LinesChart block={block} identities={looks} />;
    case "code":
      return (
        <pre className="code" tabIndex={0} role="region" aria-label={block.language}>
          {block.text}
        </pre>
      );
  }
}
