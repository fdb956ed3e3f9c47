import { Button, FormGroup, InputGroup } from "@blueprintjs/core";
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactElement } from "react";
import type { Failure } from "../../../core/contract/failure.ts";
import { useEngine } from "../../client/engine.ts";
import { failureOf } from "../../client/failure.ts";
import { asked } from "../../client/queries.ts";
import { paths, useGo } from "../../kit/navigation.ts";
import { choose, type Chosen } from "../../parts/chooser.ts";
import { FormDialog } from "../../parts/FormDialog.tsx";
import { Refusal } from "../../kit/states.tsx";

export interface NewProjectDialogProps {
  readonly onClose: () => void;
}

/** Asks for the name and the place of a new project. */
export function NewProjectDialog({ onClose }: NewProjectDialogProps): ReactElement {
  const engine = useEngine();
  const go = useGo();
  const roots = asked(useQuery({ queryKey: ["roots"], queryFn: () => engine.client.files.roots() }));
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<Chosen>();
  const [failure, setFailure] = useState<Failure>();
  const [isBusy, setBusy] = useState(false);
  const first = roots.data?.[0];
  const parent = chosen ?? (first && { place: first.place, name: first.label });
  const create = async (): Promise<void> => {
    if (parent === undefined) return;
    setBusy(true);
    setFailure(undefined);
    try {
      const made = await engine.client.projects.create({ name: name.trim(), parent: parent.place });
      onClose();
      go(paths.overview(made.id));
    } catch (thrown) {
      setFailure(failureOf(thrown));
      setBusy(false);
    }
  };
  return (
    <FormDialog
      title="New project"
      action="Create project"
      onSubmit={create}
      onClose={onClose}
      isReady={name.trim() !== "" && parent !== undefined}
      isBusy={isBusy}
    >
      <FormGroup label="Name" labelFor="new-name" helperText="Also the name of the folder that is made.">
        <InputGroup id="new-name" autoFocus value={name} onChange={(event) => setName(event.currentTarget.value)} />
      </FormGroup>
      <FormGroup label="In folder" labelFor="new-folder">
        <div className="row">
          <InputGroup id="new-folder" readOnly fill value={parent?.name ?? ""} />
          <Button
            text="Choose…"
            aria-label="Choose the folder"
            onClick={() => void choose(engine, "folder").then((found) => found && setChosen(found))}
          />
        </div>
      </FormGroup>
      {failure !== undefined && <Refusal failure={failure} />}
    </FormDialog>
  );
}
