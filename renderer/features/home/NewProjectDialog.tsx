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
    setBusy(true);
    setFailure(undefined);
    try {
      // Whoever types faster than the folders are known is not held up.
      const place = parent?.place ?? (await engine.client.files.roots())[0]?.place;
      if (place === undefined) return;
      const made = await engine.client.projects.create({ name: name.trim(), parent: place });
      onClose();
      go(paths.overview(made.id));
    } catch (thrown) {
      setFailure(failureOf(thrown));
    } finally {
      setBusy(false);
    }
  };
  return (
    <FormDialog
      title="New project"
      action="Create project"
      onSubmit={create}
      onClose={onClose}
      isReady={name.trim() !== "" && roots.data?.length !== 0}
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
