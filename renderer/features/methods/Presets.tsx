import { Button } from "@blueprintjs/core";
import { useQueryClient } from "@tanstack/react-query";
import type { ReactElement } from "react";
import type { MethodInfo } from "../../../core/contract/method.ts";
import type { Preset } from "../../../core/contract/preset.ts";
import { useEngine } from "../../client/engine.ts";
import { failureOf } from "../../client/failure.ts";
import { keys } from "../../client/keys.ts";
import { usePresets } from "../../client/queries.ts";
import { Glyph } from "../../kit/Glyph.tsx";
import { href, paths } from "../../kit/navigation.ts";
import { toast } from "../../kit/toast.ts";

export interface PresetsProps {
  readonly project: string;
  readonly methods: readonly MethodInfo[];
}

/** Recipes that were kept under a name; nothing where there are none. */
export function Presets({ project, methods }: PresetsProps): ReactElement | null {
  const { client } = useEngine();
  const queries = useQueryClient();
  const presets = usePresets(project).data ?? [];
  if (presets.length === 0) return null;
  const change = async (work: Promise<unknown>): Promise<void> => {
    try {
      await work;
    } catch (thrown) {
      await toast(failureOf(thrown).message, { tone: "bad" });
    }
    await queries.invalidateQueries({ queryKey: keys.presets(project) });
  };
  const remove = async (preset: Preset): Promise<void> => {
    const { name, scope } = preset;
    await change(client.presets.remove({ project, name, scope }));
    await toast(`Removed the preset ${name}.`, {
      undo: () => void change(client.presets.save({ project, preset })),
    });
  };
  const titleOf = (id: string): string => methods.find((m) => m.id === id)?.title ?? id;
  const whatOf = (preset: Preset): string =>
    preset.kind === "recipe"
      ? titleOf(preset.recipe.method)
      : preset.pipeline.steps.map((s) => titleOf(s.method)).join(" → ");
  return (
    <section aria-labelledby="presets-title" className="family">
      <h2 id="presets-title">
        <Glyph icon="bookmark" className="muted" /> Presets
      </h2>
      <p className="muted family-goal">Settings that you have kept.</p>
      <ul className="plain-list methods">
        {presets.map((preset) => (
          <li key={`${preset.scope} ${preset.name}`} className="preset">
            <a className="card method" href={href(paths.wizard(project, { preset: preset.name }))}>
              <strong>{preset.name}</strong>
              <span className="method-summary">{whatOf(preset)}</span>
              <span className="method-paper">{preset.scope === "user" ? "All projects" : "This project"}</span>
            </a>
            <Button
              variant="minimal"
              icon="trash"
              aria-label={`Remove the preset ${preset.name}`}
              onClick={() => void remove(preset)}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}
