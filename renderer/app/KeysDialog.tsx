import { Dialog, DialogBody } from "@blueprintjs/core";
import type { ReactElement } from "react";
import { COMMANDS, MENUS, menuTitle } from "../../core/contract/commands.ts";
import { chosenKeys, keysOf, shownKeys } from "../kit/commands.ts";
import { useStore } from "../kit/store.ts";

/** All keys, from the registry that also hears them. */
export function KeysDialog({ onClose }: { readonly onClose: () => void }): ReactElement {
  const chosen = useStore(chosenKeys);
  return (
    <Dialog isOpen title="Keyboard shortcuts" onClose={onClose} shouldReturnFocusOnClose>
      <DialogBody>
        <div className="keys" tabIndex={0} role="region" aria-label="Commands and their keys">
          {MENUS.map((menu) => {
            const found = COMMANDS.filter((c) => c.menu === menu && keysOf(c, chosen) !== undefined);
            if (found.length === 0) return null;
            return (
              <section key={menu}>
                <h3>{menuTitle(menu)}</h3>
                <dl>
                  {found.map((command) => (
                    <div key={command.id}>
                      <dt>{command.title}</dt>
                      <dd>
                        <kbd>{shownKeys(keysOf(command, chosen) ?? "")}</kbd>
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
