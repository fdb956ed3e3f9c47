import { Button, Checkbox, Menu, MenuItem, PopoverNext } from "@blueprintjs/core";
import { useState, type ReactElement } from "react";
import type { VariantView } from "../../../core/contract/views.ts";
import { Blocks } from "../../blocks/Blocks.tsx";
import { identify, type Identities } from "../../blocks/identity.ts";
import { Swatch } from "../../blocks/Swatch.tsx";
import { useEngine } from "../../client/engine.ts";
import { failureOf } from "../../client/failure.ts";
import { useComparison, useOverview } from "../../client/queries.ts";
import { runCommand } from "../../kit/commands.ts";
import { paths, useGo } from "../../kit/navigation.ts";
import { Empty, Failed, Loading } from "../../kit/states.tsx";
import { toast } from "../../kit/toast.ts";
import { saveText } from "./saveText.ts";

/** Variants beside the baseline: a table, what is traded for what, and the details below. */
export function ComparePage({ project }: { readonly project: string }): ReactElement {
  const overview = useOverview(project);
  const go = useGo();
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  if (overview.failure !== undefined) return <Failed failure={overview.failure} retry={overview.again} />;
  if (overview.data === undefined) return <Loading what="the variants" />;
  const { variants } = overview.data;
  if (variants.length < 2) {
    return (
      <Empty
        icon="comparison"
        title={variants.length === 0 ? "No model yet" : "Only the baseline so far"}
        actions={
          variants.length === 1 && (
            <Button intent="primary" text="Choose a method" onClick={() => go(paths.methods(project))} />
          )
        }
      >
        {variants.length === 0
          ? "Import a model in the overview first."
          : "A method makes a variant of it. Then there is something to compare."}
      </Empty>
    );
  }
  const identities = identify(variants.map((v) => v.name));
  const chosen = variants.filter((v) => v.isBaseline || !left.has(v.id));
  const unmeasured = chosen.filter((v) => !v.isMeasured);
  return (
    <div className="page">
      <header className="page-head">
        <div className="page-title">
          <h1>Compare</h1>
          <p className="muted">With 95 % intervals; variants that were timed together took turns call by call.</p>
        </div>
        <SaveMenu project={project} variants={chosen.map((v) => v.id)} />
      </header>
      <Chooser
        variants={variants}
        left={left}
        identities={identities}
        onChange={(id, isShown) =>
          setLeft((before) => new Set(isShown ? [...before].filter((v) => v !== id) : [...before, id]))
        }
      />
      {unmeasured.length > 0 && (
        <div className="callout tone-info">
          <span>
            {unmeasured.length === 1 ? `${unmeasured[0]?.name ?? ""} was` : `${unmeasured.length} variants were`} not
            measured yet.
          </span>
          <Button size="small" text="Measure now" onClick={() => runCommand("variants.measure")} />
        </div>
      )}
      <Comparison project={project} chosen={chosen.map((v) => v.id)} identities={identities} />
    </div>
  );
}

interface ChooserProps {
  readonly variants: readonly VariantView[];
  readonly left: ReadonlySet<string>;
  readonly identities: Identities;
  readonly onChange: (id: string, isShown: boolean) => void;
}

function Chooser({ variants, left, identities, onChange }: ChooserProps): ReactElement {
  return (
    <fieldset className="chooser-variants">
      <legend className="sr">Variants to compare</legend>
      {variants.map((v) => (
        <Checkbox
          key={v.id}
          inline
          checked={v.isBaseline || !left.has(v.id)}
          disabled={v.isBaseline}
          onChange={(event) => onChange(v.id, event.currentTarget.checked)}
          labelElement={
            <>
              <Swatch identity={identities(v.name)} /> {v.name}
              {v.isBaseline && <span className="tag">baseline</span>}
            </>
          }
        />
      ))}
    </fieldset>
  );
}

interface ComparisonProps {
  readonly project: string;
  readonly chosen: readonly string[];
  readonly identities: Identities;
}

function Comparison({ project, chosen, identities }: ComparisonProps): ReactElement {
  const { data, failure, again } = useComparison(project, chosen);
  if (failure !== undefined) return <Failed failure={failure} retry={again} />;
  if (data === undefined) return <Loading what="the comparison" />;
  return (
    <>
      <Blocks blocks={[data.table]} identities={identities} />
      <div className="charts">
        <Blocks blocks={data.charts} identities={identities} />
      </div>
      <Blocks blocks={data.details} identities={identities} />
    </>
  );
}

const FORMATS = [
  { format: "html", text: "Report, HTML" },
  { format: "md", text: "Report, Markdown" },
  { format: "csv", text: "Table, CSV" },
  { format: "json", text: "Report, JSON" },
] as const;

function SaveMenu({
  project,
  variants,
}: {
  readonly project: string;
  readonly variants: readonly string[];
}): ReactElement {
  const { client } = useEngine();
  const save = async (format: (typeof FORMATS)[number]["format"]): Promise<void> => {
    try {
      saveText(await client.reports.render({ project, variants: [...variants], format }));
    } catch (thrown) {
      await toast(failureOf(thrown).message, { tone: "bad" });
    }
  };
  return (
    <PopoverNext
      placement="bottom-end"
      content={
        <Menu>
          {FORMATS.map(({ format, text }) => (
            <MenuItem key={format} text={text} onClick={() => void save(format)} />
          ))}
        </Menu>
      }
    >
      <Button icon="download" endIcon="caret-down" text="Save as" />
    </PopoverNext>
  );
}
