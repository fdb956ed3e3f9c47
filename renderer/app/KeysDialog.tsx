import { Dialog, DialogBody } from "@blueprintjs/core";
import type { ReactElement } from "react";
import { COMMANDS, type CommandMenu } from "../../core/contract/commands.ts";
import { shownKeys } from "../kit/commands.ts";

const MENUS: readonly CommandMenu[] = ["File", "View", "Project", "Optimize", "Jobs", "Help"];

/** All keys, from the registry that also hears them. */
export function KeysDialog({ onClose }: { readonly onClose: () => void }): ReactElement {
  return (
    <Dialog isOpen title="Keyboard shortcuts" onClose={onClose} shouldReturnFocusOnClose>
      <DialogBody>
        <div className="keys">
          {MENUS.map((menu) => {
            const found = COMMANDS.filter((c) => c.menu === menu && c.keys !== undefined);
            if (found.length === 0) return null;
            return (
              <section key={menu}>
                <h3>{menu}</h3>
                <dl>
                  {found.map(({ id, title, keys = "" }) => (
                    <div key={id}>
                      <dt>{title}</dt>
                      <dd>
                        <kbd>{shownKeys(keys)}</kbd>
                      </dd>
                    </div>
                  ))}
                </dl>
              </section>
            );
          })}
        </div>
      </DialogBody>
    </Dialog>
  );
}
