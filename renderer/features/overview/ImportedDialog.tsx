import { useState, type ReactElement } from "react";
import type { Failure } from "../../../core/contract/failure.ts";
import type { Preparation } from "../../../core/contract/preparation.ts";
import type { ProjectData } from "../../../core/contract/project.ts";
import { useEngine } from "../../client/engine.ts";
import { failureOf } from "../../client/failure.ts";
import { Refusal } from "../../kit/states.tsx";
import { FormDialog } from "../../parts/FormDialog.tsx";
import { PreparationView } from "../../parts/PreparationView.tsx";

export interface ImportedDialogProps {
  readonly project: string;
  readonly data: ProjectData;
  readonly preparation: Preparation;
  readonly onClose: () => void;
}

/** Says how the samples that were just imported are prepared and why, and lets one take another of those tried. */
export function ImportedDialog({ project, data, preparation, onClose }: ImportedDialogProps): ReactElement {
  const { client } = useEngine();
  const taken = preparation.trial?.taken ?? "";
  const [chosen, setChosen] = useState(taken);
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const finish = async (): Promise<void> => {
    if (chosen === taken) {
      onClose();
      return;
    }
    setBusy(true);
    try {
      await client.data.takePreparation({ project, data: data.id, name: chosen });
      onClose();
    } catch (thrown) {
      setFailure(failureOf(thrown));
      setBusy(false);
    }
  };
  return (
    <FormDialog
      title={`Imported ${data.name}`}
      action={chosen === taken ? "Done" : `Use “${chosen}”`}
      dismissal="Close"
      onSubmit={finish}
      onClose={onClose}
      isReady
      isBusy={isBusy}
      isLasting
      isWide
    >
      <p>
        <strong>How the samples are prepared for the model</strong>
      </p>
      <PreparationView preparation={preparation} chosen={chosen} onChoose={setChosen} isDisabled={isBusy} />
      {failure !== undefined && <Refusal failure={failure} />}
    </FormDialog>
  );
}
