import type { MenuItemConstructorOptions } from "electron";
import { COMMANDS, MENUS, menuTitle, type CommandMenu } from "../core/contract/commands.ts";

/**
 * The menu, from the registry that keys and palette come from. The renderer hears the keys; here they are only shown.
 * @param chosen keys that somebody has chosen instead of the registry's, by command; an empty text means none
 */
export function menuTemplate(
  run: (id: string) => void,
  chosen: Readonly<Record<string, string>> = {},
): MenuItemConstructorOptions[] {
  return MENUS.map((menu): MenuItemConstructorOptions => {
    const own = COMMANDS.filter((c) => c.menu === menu).map((command): MenuItemConstructorOptions => {
      const { id, title } = command;
      const keys = chosen[id] ?? command.desktopKeys ?? command.keys ?? "";
      return {
        id,
        label: title,
        click: () => run(id),
        ...(keys !== "" && { accelerator: acceleratorOf(keys), registerAccelerator: false }),
      };
    });
    return { label: menuTitle(menu), submenu: [...own, ...(STANDARD[menu] ?? [])] };
  });
}

/** What every application has, by the system's own names. */
const STANDARD: Readonly<Partial<Record<CommandMenu, MenuItemConstructorOptions[]>>> = {
  File: [{ type: "separator" }, { role: "recentDocuments" }, { role: "quit" }],
  Edit: [
    { role: "undo" },
    { role: "redo" },
    { type: "separator" },
    { role: "cut" },
    { role: "copy" },
    { role: "paste" },
    { role: "selectAll" },
  ],
  View: [
    { type: "separator" },
    { role: "zoomIn" },
    { role: "zoomOut" },
    { role: "resetZoom" },
    { role: "togglefullscreen" },
  ],
};

function acceleratorOf(keys: string): string {
  return keys.replace("Mod", "CommandOrControl");
}
