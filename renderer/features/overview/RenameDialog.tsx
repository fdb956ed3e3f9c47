import { FormGroup, InputGroup } from "@blueprintjs/core";
import { useState, type ReactElement } from "react";
import type { Failure } from "../../../core/contract/failure.ts";
import type { VariantView } from "../../../core/contract/views.ts";
import { useEngine } from "../../client/engine.ts";
import { failureOf } from "../../client/failure.ts";
import { FormDialog } from "../../parts/FormDialog.tsx";
import { Refusal } from "../../kit/states.tsx";

export interface RenameDialogProps {
  readonly project: string;
  readonly variant: VariantView;
  readonly onClose: () => void;
}

export function RenameDialog({ project, variant, onClose }: RenameDialogProps): ReactElement {
  const { client } = useEngine();
  const [name, setName] = useState(variant.name);
  const [failure, setFailure] = useState<Failure>();
  const rename = async (): Promise<void> => {
    try {
      await client.variants.rename({ project, variant: variant.id, name: name.trim() });
      onClose();
    } catch (thrown) {
      setFailure(failureOf(thrown));
    }
  };
  return (
    <FormDialog
      title={`Rename ${variant.name}`}
      action="Rename"
      onSubmit={rename}
      onClose={onClose}
      isReady={name.trim() !== ""}
    >
      <FormGroup label="Name" labelFor="variant-name">
        <InputGroup id="variant-name" autoFocus value={name} onChange={(event) => setName(event.currentTarget.value)} />
      </FormGroup>
      {failure !== undefined && <Refusal failure={failure} />}
    </FormDialog>
  );
}
