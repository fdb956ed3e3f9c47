import { FormGroup, InputGroup } from "@blueprintjs/core";
import { useState, type ReactElement } from "react";
import type { VariantView } from "../../../core/contract/views.ts";
import { useEngine } from "../../client/engine.ts";
import { toast } from "../../kit/toast.ts";
import type { Chosen } from "../../parts/chooser.ts";
import { useWork } from "../../parts/useWork.ts";
import { WorkBar } from "../../parts/WorkBar.tsx";
import { FormDialog } from "../../parts/FormDialog.tsx";

export interface ImportDialogProps {
  readonly project: string;
  readonly chosen: Chosen;
  readonly onClose: () => void;
}

/** Asks under which name a model comes in, and shows its coming. */
export function ImportModelDialog({ project, chosen, onClose }: ImportDialogProps): ReactElement {
  const { client } = useEngine();
  const [name, setName] = useState(chosen.name.replace(/\.onnx$/i, ""));
  const work = useWork<VariantView>();
  const start = async (): Promise<void> => {
    const made = await work.start((signal) =>
      client.variants.import({ project, place: chosen.place, name: name.trim() }, { signal }),
    );
    if (made === undefined) return;
    onClose();
    await toast(`Imported ${made.name}${made.isBaseline ? " as the baseline" : ""}.`, { tone: "good" });
  };
  return (
    <FormDialog
      title="Import model"
      action="Import"
      onSubmit={start}
      onClose={onClose}
      isReady={name.trim() !== ""}
      isBusy={work.state.isRunning}
      isLasting
    >
      <p>
        <strong>{chosen.name}</strong>
      </p>
      <FormGroup label="Name of the variant" labelFor="import-name">
        <InputGroup
          id="import-name"
          autoFocus
          value={name}
          disabled={work.state.isRunning}
          onChange={(event) => setName(event.currentTarget.value)}
        />
      </FormGroup>
      <WorkBar state={work.state} what="Importing the model" onCancel={work.cancel} />
    </FormDialog>
  );
}
