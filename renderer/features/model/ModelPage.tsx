import { Button } from "@blueprintjs/core";
import { useEffect, type ReactElement } from "react";
import { useOverview } from "../../client/queries.ts";
import { warmLayout } from "../../graphview/useLayout.ts";
import { runCommand } from "../../kit/commands.ts";
import { Empty, Failed, Loading } from "../../kit/states.tsx";
import { Viewer } from "./Viewer.tsx";

export interface ModelPageProps {
  readonly project: string;
  readonly variant: string | undefined;
  /** Variants beside it. */
  readonly beside: readonly string[];
}

/** A model as blocks, layers and ops, alone or beside others. */
export function ModelPage(props: ModelPageProps): ReactElement {
  return (
    <>
      <h1 className="sr">Model</h1>
      <Shown {...props} />
    </>
  );
}

function Shown({ project, variant, beside }: ModelPageProps): ReactElement {
  const overview = useOverview(project);
  useEffect(warmLayout, []);
  if (overview.failure !== undefined) return <Failed failure={overview.failure} retry={overview.again} />;
  if (overview.data === undefined) return <Loading what="the variants" />;
  const { variants } = overview.data;
  const shown = variants.find((v) => v.id === variant) ?? variants.find((v) => v.isBaseline) ?? variants[0];
  if (shown === undefined) {
    return (
      <Empty
        icon="graph"
        title="No model yet"
        actions={<Button intent="primary" text="Import model" onClick={() => runCommand("model.import")} />}
      >
        Import one to see its blocks and layers.
      </Empty>
    );
  }
  const others = beside.flatMap((id) => variants.find((v) => v.id === id && v.id !== shown.id) ?? []);
  return (
    <Viewer
      key={`${shown.id} ${others.map((o) => o.id).join(" ")}`}
      project={project}
      variants={variants}
      shown={shown}
      others={others}
    />
  );
}
