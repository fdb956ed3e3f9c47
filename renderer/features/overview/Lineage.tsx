import { Button, Menu, MenuItem, PopoverNext } from "@blueprintjs/core";
import { useState, type ReactElement } from "react";
import type { Overview, ProjectView, VariantView } from "../../../core/contract/views.ts";
import { useEngine } from "../../client/engine.ts";
import { failureOf } from "../../client/failure.ts";
import { useCommand } from "../../kit/commands.ts";
import { Glyph } from "../../kit/Glyph.tsx";
import { layout } from "../../kit/layout.ts";
import { paths, useGo } from "../../kit/navigation.ts";
import { ago, Figure, shown } from "../../kit/numbers.tsx";
import { selection } from "../../kit/selection.ts";
import { useStore } from "../../kit/store.ts";
import { toast } from "../../kit/toast.ts";
import { RenameDialog } from "./RenameDialog.tsx";

export interface LineageProps {
  readonly project: ProjectView;
  readonly variants: readonly VariantView[];
  readonly archived: Overview["archived"];
}

interface Placed {
  readonly variant: VariantView;
  readonly depth: number;
}

/** Variants as the tree that recipes made of them, with what was measured. */
export function Lineage({ project, variants, archived }: LineageProps): ReactElement {
  const [renamed, setRenamed] = useState<VariantView>();
  const selected = useStore(selection);
  const archive = useArchive(project.id);
  const chosen = variants.find((v) => v.id === selected?.variant && selected.project === project.id);
  useCommand(
    "edit.archive",
    () => void (chosen !== undefined && archive(chosen)),
    project.canWrite && chosen !== undefined,
  );
  const inspect = (variant: VariantView): void => {
    selection.set({ project: project.id, variant: variant.id });
    layout.set((before) => ({ ...before, inspector: true }));
  };
  return (
    <section aria-labelledby="lineage-title">
      <h2 id="lineage-title">Variants</h2>
      <div className="card card-flush table-scroll" tabIndex={0} role="region" aria-label="Table of variants">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Variant</th>
              <th scope="col">Made by</th>
              <th scope="col" className="end">
                Top-1
              </th>
              <th scope="col" className="end">
                Δ Top-1
              </th>
              <th scope="col" className="end">
                Latency
              </th>
              <th scope="col" className="end">
                Speed-up
              </th>
              <th scope="col" className="end">
                Size
              </th>
              <th scope="col">
                <span className="sr">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {treeOf(variants).map(({ variant, depth }) => (
              <tr key={variant.id}>
                <th scope="row">
                  <span className={`lineage-name depth-${Math.min(depth, 6)}`}>
                    {depth > 0 && <Glyph icon="key-enter" className="lineage-arrow" size={12} />}
                    <button
                      type="button"
                      className="link lineage-select"
                      aria-pressed={selected?.variant === variant.id}
                      onClick={() => inspect(variant)}
                    >
                      {variant.name}
                    </button>
                    {variant.isBaseline && <span className="tag">baseline</span>}
                    {variant.warnings.length > 0 && (
                      <span className="tag tone-warning" title={variant.warnings.join("\n")}>
                        {variant.warnings.length === 1 ? "1 warning" : `${variant.warnings.length} warnings`}
                      </span>
                    )}
                  </span>
                </th>
                <td className="muted">{variant.method ?? "Imported"}</td>
                <td className="end">
                  <Figure value={shown.accuracy(variant)} />
                </td>
                <td className="end">
                  <Figure value={shown.difference(variant)} />
                </td>
                <td className="end">
                  <Figure value={shown.latency(variant)} />
                </td>
                <td className="end">
                  <Figure value={shown.speedUp(variant)} />
                </td>
                <td className="end">
                  <Figure value={shown.size(variant)} />
                </td>
                <td className="end">
                  <Actions
                    project={project}
                    variant={variant}
                    onRename={() => setRenamed(variant)}
                    onArchive={() => void archive(variant)}
                    before={variants.find((v) => v.isBaseline)}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {archived.length > 0 && <Archived project={project} archived={archived} />}
      {renamed !== undefined && (
        <RenameDialog project={project.id} variant={renamed} onClose={() => setRenamed(undefined)} />
      )}
    </section>
  );
}

/** Puts a variant out of sight, with a way back. */
function useArchive(project: string): (variant: Pick<VariantView, "id" | "name">) => Promise<void> {
  const { client } = useEngine();
  return async ({ id, name }) => {
    const set = (isArchived: boolean): Promise<unknown> =>
      client.variants.archive({ project, variant: id, isArchived });
    try {
      await set(true);
      await toast(`${name} is archived.`, { undo: () => void set(false) });
    } catch (thrown) {
      await toast(failureOf(thrown).message, { tone: "bad" });
    }
  };
}

interface ArchivedProps {
  readonly project: ProjectView;
  readonly archived: Overview["archived"];
}

/** What was put out of sight, folded. */
function Archived({ project, archived }: ArchivedProps): ReactElement {
  const { client } = useEngine();
  const bring = async (variant: string): Promise<void> => {
    try {
      await client.variants.archive({ project: project.id, variant, isArchived: false });
    } catch (thrown) {
      await toast(failureOf(thrown).message, { tone: "bad" });
    }
  };
  return (
    <details className="archived">
      <summary>Archived ({archived.length})</summary>
      <ul className="plain-list card card-flush">
        {archived.map(({ id, name, archivedAt }) => (
          <li key={id} className="archived-entry">
            <strong>{name}</strong>
            <span className="muted">{ago(archivedAt, Date.now())}</span>
            <Button
              size="small"
              text="Bring back"
              aria-label={`Bring ${name} back`}
              disabled={!project.canWrite}
              onClick={() => void bring(id)}
            />
          </li>
        ))}
      </ul>
    </details>
  );
}

/** Parents before their children, children below them in the order in which they were made. */
function treeOf(variants: readonly VariantView[]): readonly Placed[] {
  const known = new Set(variants.map((v) => v.id));
  const below = (parent: string | null, depth: number): Placed[] =>
    variants
      .filter((v) => (parent === null ? v.parent === null || !known.has(v.parent) : v.parent === parent))
      .toSorted((a, b) => (a.at < b.at ? -1 : 1))
      .flatMap((variant) => [{ variant, depth }, ...below(variant.id, depth + 1)]);
  return below(null, 0);
}

interface ActionsProps {
  readonly project: ProjectView;
  readonly variant: VariantView;
  readonly before: VariantView | undefined;
  readonly onRename: () => void;
  readonly onArchive: () => void;
}

function Actions({ project, variant, before, onRename, onArchive }: ActionsProps): ReactElement {
  const { client } = useEngine();
  const go = useGo();
  const pin = async (to: string): Promise<void> => {
    try {
      await client.overview.pinBaseline({ project: project.id, variant: to });
    } catch (thrown) {
      await toast(failureOf(thrown).message, { tone: "bad" });
    }
  };
  const pinThis = async (): Promise<void> => {
    await pin(variant.id);
    await toast(`${variant.name} is the baseline now.`, before && { undo: () => void pin(before.id) });
  };
  return (
    <PopoverNext
      placement="bottom-end"
      content={
        <Menu>
          <MenuItem
            icon="build"
            text="Make a variant of it…"
            onClick={() => go(paths.wizard(project.id, { from: variant.id }))}
          />
          {variant.recipe !== null && (
            <MenuItem
              icon="duplicate"
              text="Clone and edit its run…"
              onClick={() => go(paths.wizard(project.id, { clone: variant.id }))}
            />
          )}
          <MenuItem icon="export" text="Export…" onClick={() => go(paths.export(project.id, variant.id))} />
          <MenuItem icon="edit" text="Rename…" disabled={!project.canWrite} onClick={onRename} />
          <MenuItem
            icon="pin"
            text="Make it the baseline"
            disabled={variant.isBaseline || !project.canWrite}
            onClick={() => void pinThis()}
          />
          <MenuItem
            icon="archive"
            text="Archive"
            label="Del"
            disabled={variant.isBaseline || !project.canWrite}
            onClick={onArchive}
          />
        </Menu>
      }
    >
      <Button variant="minimal" icon="more" aria-label={`Actions for ${variant.name}`} />
    </PopoverNext>
  );
}
