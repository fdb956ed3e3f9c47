import { Button, Menu, MenuItem, PopoverNext } from "@blueprintjs/core";
import { useState, type ReactElement } from "react";
import type { ProjectView, VariantView } from "../../../core/contract/views.ts";
import { useEngine } from "../../client/engine.ts";
import { failureOf } from "../../client/failure.ts";
import { Glyph } from "../../kit/Glyph.tsx";
import { layout } from "../../kit/layout.ts";
import { paths, useGo } from "../../kit/navigation.ts";
import { Figure, shown } from "../../kit/numbers.tsx";
import { selection } from "../../kit/selection.ts";
import { useStore } from "../../kit/store.ts";
import { toast } from "../../kit/toast.ts";
import { RenameDialog } from "./RenameDialog.tsx";

export interface LineageProps {
  readonly project: ProjectView;
  readonly variants: readonly VariantView[];
}

interface Placed {
  readonly variant: VariantView;
  readonly depth: number;
}

/** Variants as the tree that recipes made of them, with what was measured. */
export function Lineage({ project, variants }: LineageProps): ReactElement {
  const [renamed, setRenamed] = useState<VariantView>();
  const selected = useStore(selection);
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
                    before={variants.find((v) => v.isBaseline)}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {renamed !== undefined && (
        <RenameDialog project={project.id} variant={renamed} onClose={() => setRenamed(undefined)} />
      )}
    </section>
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
}

function Actions({ project, variant, before, onRename }: ActionsProps): ReactElement {
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
        </Menu>
      }
    >
      <Button variant="minimal" icon="more" aria-label={`Actions for ${variant.name}`} />
    </PopoverNext>
  );
}
