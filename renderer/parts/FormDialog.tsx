import { Button, Dialog, DialogBody, DialogFooter } from "@blueprintjs/core";
import type { ReactElement, ReactNode } from "react";

export interface FormDialogProps {
  readonly title: string;
  /** Text of the button that submits. */
  readonly action: string;
  /** Text of the button that only closes it; "Cancel" where absent. */
  readonly dismissal?: string;
  readonly onSubmit: () => Promise<void>;
  readonly onClose: () => void;
  readonly isBusy?: boolean;
  /** Whether it can be submitted as it is filled in. */
  readonly isReady: boolean;
  /** Whether it stays when someone clicks beside it, or asks to leave while it is busy. */
  readonly isLasting?: boolean;
  /** Whether it needs room for a table. */
  readonly isWide?: boolean;
  readonly children: ReactNode;
}

/** A dialog that is one form, with Cancel and the action at its foot. */
export function FormDialog(props: FormDialogProps): ReactElement {
  const {
    title,
    action,
    onSubmit,
    onClose,
    isBusy = false,
    isReady,
    isLasting = false,
    isWide = false,
    dismissal = "Cancel",
    children,
  } = props;
  return (
    <Dialog
      isOpen
      title={title}
      onClose={onClose}
      canOutsideClickClose={!isLasting}
      shouldReturnFocusOnClose
      {...(isWide && { className: "dialog-wide" })}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void onSubmit();
        }}
      >
        <DialogBody>{children}</DialogBody>
        <DialogFooter
          actions={
            <>
              <Button text={dismissal} onClick={onClose} disabled={isLasting && isBusy} />
              <Button type="submit" intent="primary" text={action} loading={isBusy} disabled={!isReady} />
            </>
          }
        />
      </form>
    </Dialog>
  );
}
