import { Button } from "@blueprintjs/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { useEngine } from "../../client/engine.ts";
import { keys } from "../../client/keys.ts";
import { asked } from "../../client/queries.ts";
import { togglePanel } from "../../kit/layout.ts";
import { selection } from "../../kit/selection.ts";
import { Empty, Failed, Loading } from "../../kit/states.tsx";
import { useStore } from "../../kit/store.ts";

/** What is known of the variant that was selected. */
export function Inspector({ project }: { readonly project: string }): ReactElement {
  const selected = useStore(selection);
  return (
    <div className="inspector" tabIndex={-1} data-pane>
      <div className="section-head">
        <h2>Inspector</h2>
        <Button
          variant="minimal"
          icon="cross"
          aria-label="Hide the inspector"
          onClick={() => togglePanel("inspector")}
        />
      </div>
      {selected?.project !== project ? (
        <Empty icon="select" title="Nothing selected">
          Select a variant in the overview.
        </Empty>
      ) : (
        <Details project={project} variant={selected.variant} />
      )}
    </div>
  );
}

function Details({ project, variant: id }: { readonly project: string; readonly variant: string }): ReactElement {
  const { client } = useEngine();
  const { data, failure, again } = asked(
    useQuery({
      queryKey: [...keys.project(project), "variant", id],
      queryFn: () => client.variants.get({ project, variant: id }),
    }),
  );
  const model = asked(
    useQuery({
      queryKey: [...keys.project(project), "model", id],
      queryFn: () => client.variants.inspect({ project, variant: id, maximumNodes: 1 }),
      staleTime: Infinity,
    }),
  );
  if (failure !== undefined) return <Failed failure={failure} retry={again} />;
  if (data === undefined) return <Loading what="the variant" />;
  const facts = model.data?.facts as
    | {
        readonly inputs: readonly string[];
        readonly outputs: readonly string[];
        readonly nodes: number;
        readonly operators: readonly { readonly op: string; readonly count: number }[];
      }
    | undefined;
  return (
    <div className="inspector-body">
      <h3>{data.name}</h3>
      <dl className="facts">
        <Fact name="Made" value={data.at.replace("T", " ").replace(/\.\d+Z$/, " UTC")} />
        <Fact
          name="By"
          value={data.recipe === null ? "Import" : `${data.recipe.method}, version ${data.recipe.version}`}
        />
        {data.recipe !== null && <Fact name="Seed and threads" value={`${data.recipe.seed}, ${data.recipe.threads}`} />}
        <Fact name="SHA-256" value={data.model.sha256} isCode />
        <Fact name="With" value={`Lathe ${data.engine.lathe}, ${data.engine.runtime}`} />
        {facts !== undefined && (
          <>
            <Fact name="Inputs" value={facts.inputs.join("\n")} isCode />
            <Fact name="Outputs" value={facts.outputs.join("\n")} isCode />
            <Fact
              name={`${facts.nodes} nodes`}
              value={facts.operators
                .slice(0, 12)
                .map(({ op, count }) => `${op} ${count}`)
                .join(", ")}
            />
          </>
        )}
      </dl>
      {data.warnings.map((text) => (
        <p key={text} className="callout tone-warning">
          {text}
        </p>
      ))}
    </div>
  );
}

function Fact({
  name,
  value,
  isCode = false,
}: {
  readonly name: string;
  readonly value: string;
  readonly isCode?: boolean;
}): ReactElement {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={isCode ? "mono" : ""}>{value}</dd>
    </div>
  );
}
