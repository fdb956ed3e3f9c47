import { Button, HTMLSelect, Tab, Tabs } from "@blueprintjs/core";
import { useState, type ReactElement } from "react";
import type { Overview } from "../../../core/contract/views.ts";
import { useOverview, useShortPath } from "../../client/queries.ts";
import { runCommand } from "../../kit/commands.ts";
import { useGo, paths } from "../../kit/navigation.ts";
import { Empty, Failed, Loading } from "../../kit/states.tsx";
import { BalanceView } from "./BalanceView.tsx";
import { CalibrationView } from "./CalibrationView.tsx";
import { PreparationTab } from "./PreparationTab.tsx";
import { useSummary, type DataName } from "./queries.ts";
import { SampleBrowser } from "./SampleBrowser.tsx";

export interface DataPageProps {
  readonly project: string;
  /** Id of the data set; the newest where absent. */
  readonly data: string | undefined;
  /** Number of the sample to begin with. */
  readonly sample: number | undefined;
}

/** The data of a project: its samples, its classes, and what calibrates. */
export function DataPage({ project, data: asked, sample }: DataPageProps): ReactElement {
  const { data: overview, failure, again } = useOverview(project);
  const go = useGo();
  if (failure !== undefined) return <Failed failure={failure} retry={again} />;
  if (overview === undefined) return <Loading what="the data" />;
  const chosen = overview.data.find((d) => d.id === asked) ?? overview.data.at(-1);
  if (chosen === undefined) {
    const hasModel = overview.variants.length > 0;
    return (
      <div className="page">
        <header className="page-head">
          <h1>Data</h1>
        </header>
        <Empty
          icon="th"
          title="No data yet"
          actions={
            <Button
              intent="primary"
              icon={hasModel ? "th" : "import"}
              text={hasModel ? "Import data" : "Import a model"}
              onClick={() => runCommand(hasModel ? "data.import" : "model.import")}
            />
          }
        >
          {hasModel
            ? "With samples, Lathe measures accuracy and calibrates. They stay where they are."
            : "Samples are prepared for the baseline’s input, so the model comes first."}
        </Empty>
      </div>
    );
  }
  return (
    <div className="page data-page">
      <header className="page-head">
        <div className="page-title">
          <h1>Data</h1>
          <Facts data={chosen} />
        </div>
        <div className="row">
          {overview.data.length > 1 && (
            <HTMLSelect
              aria-label="Data set"
              value={chosen.id}
              options={overview.data.map((d) => ({ value: d.id, label: d.name }))}
              onChange={(event) => go.replace(paths.data(project, event.currentTarget.value))}
            />
          )}
          <Button icon="th" text="Import data" onClick={() => runCommand("data.import")} />
        </div>
      </header>
      <Parts key={chosen.id} name={{ project, data: chosen.id }} overview={overview} sample={sample} />
    </div>
  );
}

function Facts({ data }: { readonly data: Overview["data"][number] }): ReactElement {
  const short = useShortPath();
  const { name, info } = data;
  const classes = info.classes === undefined ? "no labels" : `${info.classes.length} classes`;
  return (
    <p className="muted path" title={info.path}>
      {name}: {info.count.toLocaleString("en-US")} samples, {classes}, {info.format} in {short(info.path)}
      {info.unreadableCount > 0 && `; ${info.unreadableCount.toLocaleString("en-US")} left out, unreadable`}
    </p>
  );
}

interface PartsProps {
  readonly name: DataName;
  readonly overview: Overview;
  readonly sample: number | undefined;
}

function Parts({ name, overview, sample }: PartsProps): ReactElement {
  const [part, setPart] = useState<string>("samples");
  const { data: summary, failure, again } = useSummary(name);
  if (failure !== undefined) return <Failed failure={failure} retry={again} />;
  if (summary === undefined) return <Loading what="the data set" />;
  return (
    <Tabs
      id="data-parts"
      selectedTabId={part}
      onChange={(id) => setPart(String(id))}
      renderActiveTabPanelOnly
      animate={false}
    >
      <Tab
        id="samples"
        title="Samples"
        panel={<SampleBrowser name={name} summary={summary} variants={overview.variants} begin={sample} />}
      />
      <Tab id="balance" title="Class balance" panel={<BalanceView summary={summary} />} />
      <Tab
        id="calibration"
        title="Calibration"
        panel={<CalibrationView name={name} summary={summary} canWrite={overview.project.canWrite} />}
      />
      <Tab
        id="preparation"
        title="Preparation"
        panel={<PreparationTab name={name} summary={summary} canWrite={overview.project.canWrite} />}
      />
    </Tabs>
  );
}
