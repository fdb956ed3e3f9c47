import { Menu, MenuItem } from "@blueprintjs/core";
import { Omnibar, type ItemListRenderer, type ItemRenderer } from "@blueprintjs/select";
import type { ReactElement } from "react";
import { COMMANDS, menuTitle, type CommandInfo } from "../../core/contract/commands.ts";
import { commandHandlers, keysOf, shownKeys } from "../kit/commands.ts";
import { useStore } from "../kit/store.ts";

export interface PaletteProps {
  readonly onClose: () => void;
}

/** All commands that can be run now, by typing a part of their name. */
export function Palette({ onClose }: PaletteProps): ReactElement {
  const handlers = useStore(commandHandlers);
  const offered = COMMANDS.filter((c) => handlers.has(c.id) && c.id !== "palette");
  return (
    <Omnibar<CommandInfo>
      isOpen
      className="palette"
      items={offered}
      resetOnSelect
      inputProps={{ placeholder: "Type a command", "aria-label": "Command" }}
      itemRenderer={drawCommand}
      itemListRenderer={drawList}
      itemPredicate={(query, { title, menu }) => isMatch(query, `${menu} ${title}`)}
      onItemSelect={({ id }) => {
        onClose();
        handlers.get(id)?.();
      }}
      onClose={onClose}
    />
  );
}

/** All commands are listed before anything is typed. */
const drawList: ItemListRenderer<CommandInfo> = ({ filteredItems, renderItem, itemsParentRef, menuProps }) => (
  <Menu ulRef={itemsParentRef} {...menuProps} role="listbox" aria-label="Commands">
    {filteredItems.length === 0 ? (
      <MenuItem disabled text="No command matches" roleStructure="listoption" />
    ) : (
      filteredItems.map(renderItem)
    )}
  </Menu>
);

const drawCommand: ItemRenderer<CommandInfo> = (command, { handleClick, handleFocus, modifiers, ref }) =>
  modifiers.matchesPredicate ? (
    <MenuItem
      key={command.id}
      ref={ref}
      roleStructure="listoption"
      active={modifiers.active}
      text={command.title}
      label={[menuTitle(command.menu), shownKeys(keysOf(command) ?? "")].filter((t) => t !== "").join("  ")}
      onClick={handleClick}
      onFocus={handleFocus}
    />
  ) : null;

/** Whether all words of a query stand in a text. */
function isMatch(query: string, text: string): boolean {
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.toLowerCase().includes(word));
}
