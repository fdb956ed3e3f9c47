import { Button, Dialog, DialogBody, DialogFooter, FormGroup, InputGroup } from "@blueprintjs/core";
import { useState, type ReactElement } from "react";
import type { Failure } from "../../../core/contract/failure.ts";
import type { VariantView } from "../../../core/contract/views.ts";
import { useEngine } from "../../client/engine.ts";
import { failureOf } from "../../client/failure.ts";

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
    <Dialog isOpen title={`Rename ${variant.name}`} onClose={onClose} shouldReturnFocusOnClose>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void rename();
        }}
      >
        <DialogBody>
          <FormGroup label="Name" labelFor="variant-name">
            <InputGroup
              id="variant-name"
              autoFocus
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
          </FormGroup>
          {failure !== undefined && (
            <div className="callout tone-bad" role="alert">
              <strong>{failure.message}</strong>
              {failure.hint !== undefined && <span>{failure.hint}</span>}
            </div>
          )}
        </DialogBody>
        <DialogFooter
          actions={
            <>
              <Button text="Cancel" onClick={onClose} />
              <Button type="submit" intent="primary" text="Rename" disabled={name.trim() === ""} />
            </>
          }
        />
      </form>
    </Dialog>
  );
}
