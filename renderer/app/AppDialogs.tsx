import type { ReactElement } from "react";
import { NewProjectDialog } from "../features/home/NewProjectDialog.tsx";
import { ImportDataDialog } from "../features/overview/ImportDataDialog.tsx";
import { ImportModelDialog } from "../features/overview/ImportModelDialog.tsx";
import { useStore } from "../kit/store.ts";
import { ChooserHost } from "../parts/ChooserHost.tsx";
import { dialog } from "./dialogs.ts";
import { importRequest } from "./imports.ts";
import { KeysDialog } from "./KeysDialog.tsx";
import { Palette } from "./Palette.tsx";

/** The dialogs that commands open, whichever screen is shown. */
export function AppDialogs(): ReactElement {
  const open = useStore(dialog);
  const request = useStore(importRequest);
  const close = (): void => dialog.set(undefined);
  const done = (): void => importRequest.set(undefined);
  return (
    <>
      {open === "new-project" && <NewProjectDialog onClose={close} />}
      {open === "palette" && <Palette onClose={close} />}
      {open === "keys" && <KeysDialog onClose={close} />}
      {request?.kind === "model" && <ImportModelDialog {...request} onClose={done} />}
      {request?.kind === "data" && <ImportDataDialog {...request} onClose={done} />}
      <ChooserHost />
    </>
  );
}
