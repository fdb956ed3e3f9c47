import { Button, Checkbox, FormGroup, InputGroup } from "@blueprintjs/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactElement } from "react";
import type { MethodInfo } from "../../../core/contract/method.ts";
import type { Failure } from "../../../core/contract/failure.ts";
import type { Preset } from "../../../core/contract/preset.ts";
import { useEngine } from "../../client/engine.ts";
import { failureOf } from "../../client/failure.ts";
import { keys } from "../../client/keys.ts";
import { Refusal } from "../../kit/states.tsx";
import { toast } from "../../kit/toast.ts";
import { FormDialog } from "../../parts/FormDialog.tsx";
import { chainOf, isChain, requestOf, type Draft } from "./draft.ts";

export interface SavePresetProps {
  readonly project: string;
  readonly draft: Draft;
  readonly methods: readonly MethodInfo[];
}

/** Keeps what the wizard says under a name. */
export function SavePreset(props: SavePresetProps): ReactElement {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button icon="bookmark" text="Save as preset" onClick={() => setOpen(true)} />
      {isOpen && <PresetDialog {...props} onClose={() => setOpen(false)} />}
    </>
  );
}

function PresetDialog({
  project,
  draft,
  methods,
  onClose,
}: SavePresetProps & { readonly onClose: () => void }): ReactElement {
  const { client } = useEngine();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [isForAll, setForAll] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const save = async (): Promise<void> => {
    const preset = presetOf({ draft, methods, name: name.trim(), scope: isForAll ? "user" : "project" });
    if (preset === undefined) return;
    try {
      await client.presets.save({ project, preset });
      await queries.invalidateQueries({ queryKey: keys.presets(project) });
      onClose();
      await toast(`Saved the preset ${preset.name}.`, { tone: "good" });
    } catch (thrown) {
      setFailure(failureOf(thrown));
    }
  };
  return (
    <FormDialog title="Save as preset" action="Save" onSubmit={save} onClose={onClose} isReady={name.trim() !== ""}>
      <FormGroup label="Name" labelFor="preset-name" helperText="A preset of the same name is replaced.">
        <InputGroup id="preset-name" autoFocus value={name} onChange={(event) => setName(event.currentTarget.value)} />
      </FormGroup>
      <Checkbox
        label="For all projects"
        checked={isForAll}
        onChange={(event) => setForAll(event.currentTarget.checked)}
      />
      {failure !== undefined && <Refusal failure={failure} />}
    </FormDialog>
  );
}

interface PresetParts {
  readonly draft: Draft;
  readonly methods: readonly MethodInfo[];
  readonly name: string;
  readonly scope: Preset["scope"];
}

export function presetOf({ draft, methods, name, scope }: PresetParts): Preset | undefined {
  if (isChain(draft)) return { name, scope, kind: "pipeline", pipeline: chainOf(draft, methods).pipeline };
  const method = methods.find((m) => m.id === draft.steps[0]?.method);
  if (method === undefined) return undefined;
  const { params, seed, threads, provider } = requestOf(draft, method);
  const recipe = { lathe: 1 as const, method: method.id, version: method.version, params, seed, threads };
  return { name, scope, kind: "recipe", recipe: { ...recipe, ...(provider && { provider }) } };
}
