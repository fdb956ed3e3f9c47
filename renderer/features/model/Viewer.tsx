import { Button, ButtonGroup } from "@blueprintjs/core";
import { useCallback, useEffect, useMemo, useState, type ReactElement } from "react";
import type { FigureId, FoundParts, ModelView } from "../../../core/contract/modelView.ts";
import type { VariantView } from "../../../core/contract/views.ts";
import { identify } from "../../blocks/identity.ts";
import { Swatch } from "../../blocks/Swatch.tsx";
import { useEngine } from "../../client/engine.ts";
import { useMethods } from "../../client/queries.ts";
import { shownKeys, useCommand } from "../../kit/commands.ts";
import { paths, useGo } from "../../kit/navigation.ts";
import { Empty, Failed, Loading } from "../../kit/states.tsx";
import { useWork } from "../../parts/useWork.ts";
import { WorkBar } from "../../parts/WorkBar.tsx";
import { Changes } from "./Changes.tsx";
import { coloursBy } from "./colours.ts";
import { ColourBar } from "./ColourBar.tsx";
import { Details } from "./Details.tsx";
import { FindBox } from "./FindBox.tsx";
import { canExclude } from "./exclude.ts";
import { Outline } from "./Outline.tsx";
import { Pane } from "./Pane.tsx";
import { useModelView, type Looking } from "./queries.ts";
import { useViewports } from "./useViewports.ts";
import { VariantChoice } from "./VariantChoice.tsx";

export interface ViewerProps {
  readonly project: string;
  readonly variants: readonly VariantView[];
  readonly shown: VariantView;
  readonly others: readonly VariantView[];
}

const NO_COLOUR = (): undefined => undefined;

/** The panes, the outline and the details of what is selected, all of the same open blocks. */
export function Viewer({ project, variants, shown, others }: ViewerProps): ReactElement {
  const { client } = useEngine();
  const go = useGo();
  const methods = useMethods();
  const [open, setOpen] = useState<readonly string[]>();
  const [selected, setSelected] = useState<string>();
  const [by, setBy] = useState<FigureId>();
  const [version, setVersion] = useState(0);
  const [sparsity, setSparsity] = useState(false);
  const [isOutline, setOutline] = useState(true);
  const viewports = useViewports();
  const work = useWork<{ readonly layers: number }>();
  const [isAsked, setAsked] = useState(false);

  const looking: Looking = useMemo(
    () => ({ project, variant: shown.id, ...(others.length > 0 && { others: others.map((o) => o.id) }) }),
    [project, shown, others],
  );
  const main = useModelView(looking, { open, sparsity }, version);
  const asked = open ?? main.data?.open;
  const besides = [
    useModelView(beside(project, shown, others[0]), { open: asked, sparsity }, version),
    useModelView(beside(project, shown, others[1]), { open: asked, sparsity }, version),
    useModelView(beside(project, shown, others[2]), { open: asked, sparsity }, version),
  ].slice(0, others.length);

  const profile = useCallback(
    async (times: boolean, isWanted = true): Promise<void> => {
      setAsked(isWanted);
      for (const { id } of [shown, ...others]) {
        const done = await work.start((signal) => client.models.profile({ project, variant: id, times }, { signal }));
        if (done === undefined) return;
      }
      setVersion((v) => v + 1);
    },
    // The work keeps its own state.
    [client, project, shown, others, work.start],
  );
  const needsShapes = main.data?.lacksShapes === true && main.data.notRunnable === undefined && version === 0;
  useEffect(() => {
    if (needsShapes) void profile(false, false);
    // Once, when the model turns out to record no shapes.
  }, [needsShapes]);

  const views = useMemo(
    () => [main.data, ...besides.map((b) => b.data)].filter((v): v is ModelView => v !== undefined),
    // The answers themselves, not the list made anew.
    [main.data, besides[0]?.data, besides[1]?.data, besides[2]?.data],
  );
  const isOpen = useCallback((id: string): boolean => views.some((v) => v.open.includes(id)), [views]);
  const toggle = useCallback(
    (id: string): void => {
      setSelected(id);
      // What was asked for and found no room is closed, whatever was asked; the newest comes last.
      setOpen((before) => {
        const others = (before ?? main.data?.open ?? []).filter((o) => o !== id);
        return isOpen(id) ? others : [...others, id];
      });
    },
    [main.data?.open, isOpen],
  );
  const find = (part: Pick<FoundParts["found"][number], "id" | "within">): void => {
    setOpen((before) => [...(before ?? main.data?.open ?? []).filter((o) => !part.within.includes(o)), ...part.within]);
    setSelected(part.id);
  };
  const collapse = (): void => {
    setOpen([]);
    setSelected(undefined);
  };
  useCommand("model.fit", viewports.fitAll);
  useCommand("model.zoomIn", () => viewports.zoomBy(1.25));
  useCommand("model.zoomOut", () => viewports.zoomBy(0.8));
  useCommand("model.collapse", collapse);

  const colours = useMemo(() => (by === undefined ? undefined : coloursBy(by, views)), [by, views]);
  const colouring = colours?.of ?? NO_COLOUR;
  const identities = identify(variants.map((v) => v.name));

  if (main.failure !== undefined) return <Failed failure={main.failure} retry={main.again} />;
  if (main.data === undefined) return <Loading what={shown.name} />;
  const view = main.data;
  if (view.parts.length === 0) {
    return (
      <Empty icon="graph" title="The model is empty">
        {shown.name} has no ops: its outputs are constants.
      </Empty>
    );
  }
  const maker =
    others.find((o) => canExclude(o, methods.data)) ?? (canExclude(shown, methods.data) ? shown : undefined);
  const exclude = maker && ((name: string) => go(paths.wizard(project, { clone: maker.id, exclude: name })));
  const panes = [{ variant: shown, answer: main, looking }].concat(
    others.map((variant, i) => ({ variant, answer: besides[i]!, looking: beside(project, shown, variant)! })),
  );
  const holder = panes.find(({ answer }) => answer.data?.parts.some((p) => p.id === selected)) ?? panes[0]!;
  const detailed = panes.findLast(({ answer }) => answer.data?.parts.some((p) => p.id === selected)) ?? holder;
  return (
    <div className="model">
      <div className="model-tools" role="toolbar" aria-label="Model">
        <VariantChoice project={project} variants={variants} shown={shown} others={others} />
        <FindBox looking={looking} onFound={find} />
        <ButtonGroup>
          <Button icon="zoom-out" aria-label="Zoom out" title="Zoom out (−)" onClick={() => viewports.zoomBy(0.8)} />
          <Button text="Fit" title={`Fit (${shownKeys("Space")})`} onClick={viewports.fitAll} />
          <Button icon="zoom-in" aria-label="Zoom in" title="Zoom in (+)" onClick={() => viewports.zoomBy(1.25)} />
        </ButtonGroup>
        <Button icon="collapse-all" text="Collapse all" onClick={collapse} />
        <Button
          icon="diagram-tree"
          text="Outline"
          active={isOutline}
          aria-pressed={isOutline}
          onClick={() => setOutline(!isOutline)}
        />
      </div>
      <ColourBar
        views={views}
        by={by}
        legend={colours?.legend}
        isBusy={work.state.isRunning}
        note={
          isAsked ? undefined : work.state.isRunning ? "Running it once for its shapes…" : quietly(work.state.failure)
        }
        onChange={setBy}
        onTime={() => void profile(true)}
        onShapes={() => void profile(false)}
        onZeros={() => setSparsity(true)}
      />
      {isAsked && (work.state.isRunning || work.state.failure !== undefined) && (
        <div className="model-work">
          <WorkBar state={work.state} what="Running the model" onCancel={work.cancel} />
        </div>
      )}
      {view.notRunnable !== undefined && (
        <p className="callout tone-warning model-note">
          <span>Shown, but it cannot run here: {view.notRunnable}</span>
        </p>
      )}
      {view.isFull && (
        <p className="callout tone-info model-note" role="status">
          <span>No more than 300 parts are drawn at a time: blocks that were opened first have been closed.</span>
        </p>
      )}
      <div className="model-body">
        {isOutline && (
          <Outline
            label={`Outline of ${holder.answer.data?.name ?? shown.name}`}
            parts={holder.answer.data?.parts ?? view.parts}
            selected={selected}
            colouring={colouring}
            onSelect={setSelected}
            onToggle={toggle}
          />
        )}
        <div className="model-centre">
          <div className="model-panes">
            {panes.map(({ variant, answer }, i) =>
              answer.failure !== undefined ? (
                <Failed key={variant.id} failure={answer.failure} retry={answer.again} />
              ) : answer.data === undefined ? (
                <Loading key={variant.id} what={variant.name} />
              ) : (
                <Pane
                  key={variant.id}
                  view={answer.data}
                  layoutKey={`${shown.sha256} ${variant.sha256} ${answer.data.parts.map((p) => (p.isOpen ? `${p.id}*` : p.id)).join("\n")}`}
                  title={
                    <>
                      <Swatch identity={identities(variant.name)} /> {variant.name}
                      <span className="muted"> {answer.data.ops} ops</span>
                    </>
                  }
                  selected={selected}
                  colouring={colouring}
                  viewport={viewports.of(i)}
                  size={viewports.sizeOf(i)}
                  onSize={(size) => viewports.onSize(i, size)}
                  onViewport={(change) => viewports.move(i, change)}
                  onLayout={(layout) => viewports.onLayout(i, layout)}
                  onSelect={setSelected}
                  onToggle={toggle}
                />
              ),
            )}
          </div>
          {others.map((other) => (
            <details key={other.id} className="model-changes" open={others.length === 1}>
              <summary>
                Differences: {shown.name} → {other.name}
              </summary>
              <Changes
                project={project}
                first={shown}
                second={other}
                version={version}
                onSelect={({ name, id }) => void reach(name, id)}
                onExclude={
                  canExclude(other, methods.data)
                    ? (name) => go(paths.wizard(project, { clone: other.id, exclude: name }))
                    : undefined
                }
              />
            </details>
          ))}
        </div>
        <aside className="model-details" aria-label="Details" data-pane tabIndex={-1}>
          {selected === undefined || /^(input|output) \d+$/.test(selected) ? (
            <Totals view={view} />
          ) : (
            <Details
              looking={detailed.looking}
              part={selected}
              version={version}
              onSelect={setSelected}
              onExclude={exclude}
            />
          )}
        </aside>
      </div>
    </div>
  );

  /** Opens what is around an op that a table names, in whichever model has it. */
  async function reach(name: string, id: string): Promise<void> {
    for (const { looking: where } of panes) {
      const { found } = await client.models.find({ ...where, text: name.slice(0, 200) });
      const hit = found.find((f) => f.id === id);
      if (hit !== undefined) {
        find(hit);
        return;
      }
    }
  }
}

function beside(project: string, shown: VariantView, other: VariantView | undefined): Looking | undefined {
  return other && { project, variant: other.id, reference: shown.id };
}

/** What went wrong with what nobody asked for is said in passing. */
function quietly(failure: { readonly message: string } | undefined): string | undefined {
  return failure && `Shapes are unknown: ${failure.message.slice(0, 160)}`;
}

function Totals({ view }: { readonly view: ModelView }): ReactElement {
  return (
    <div className="details">
      <h3>{view.name}</h3>
      <p className="muted">{view.ops} ops. Select one to see its attributes, shapes and weights.</p>
    </div>
  );
}
