import { Button, InputGroup } from "@blueprintjs/core";
import { useState, type KeyboardEvent, type ReactElement } from "react";
import { COMMANDS, MENUS, menuTitle, type CommandInfo } from "../../../core/contract/commands.ts";
import { chooseKeys, chosenKeys, commandWithKeys, keysOf, keysOfEvent, shownKeys } from "../../kit/commands.ts";
import { useStore } from "../../kit/store.ts";
import { toast } from "../../kit/toast.ts";

/** All commands with the keys that call them, to be changed. */
export function KeySettings(): ReactElement {
  const chosen = useStore(chosenKeys);
  const [filter, setFilter] = useState("");
  const [changing, setChanging] = useState<string>();
  const found = MENUS.flatMap((menu) => COMMANDS.filter((c) => c.menu === menu)).filter((c) =>
    `${menuTitle(c.menu)} ${c.title} ${shownKeys(keysOf(c, chosen) ?? "")}`
      .toLowerCase()
      .includes(filter.toLowerCase()),
  );
  const resetAll = (): void => {
    const before = chosenKeys.get();
    chosenKeys.set({});
    void toast("All keys are as they were at first.", { undo: () => chosenKeys.set(before) });
  };
  return (
    <section className="card" aria-labelledby="keys-title">
      <div className="section-head">
        <h2 id="keys-title">Keys</h2>
        <div className="row">
          <InputGroup
            size="small"
            leftIcon="search"
            aria-label="Search commands"
            placeholder="Command or keys"
            value={filter}
            onChange={(event) => setFilter(event.currentTarget.value)}
          />
          <Button
            size="small"
            icon="reset"
            text="Reset all"
            disabled={Object.keys(chosen).length === 0}
            onClick={resetAll}
          />
        </div>
      </div>
      <div className="table-scroll" tabIndex={0} role="region" aria-label="Keys of commands">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Command</th>
              <th scope="col">Menu</th>
              <th scope="col">Keys</th>
              <th scope="col">Change</th>
            </tr>
          </thead>
          <tbody>
            {found.map((command) => (
              <tr key={command.id}>
                <th scope="row">{command.title}</th>
                <td>{menuTitle(command.menu)}</td>
                <td>
                  <Keys command={command} chosen={chosen} />
                </td>
                <td>
                  {changing === command.id ? (
                    <KeyRecorder command={command} onClose={() => setChanging(undefined)} />
                  ) : (
                    <div className="row key-actions">
                      <Button
                        size="small"
                        text="Change"
                        aria-label={`Change the keys of ${command.title}`}
                        onClick={() => setChanging(command.id)}
                      />
                      {command.id in chosen && (
                        <Button
                          size="small"
                          variant="minimal"
                          icon="reset"
                          aria-label={`Reset the keys of ${command.title}`}
                          onClick={() => chooseKeys(command.id, undefined)}
                        />
                      )}
                    </div>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {found.length === 0 && <p className="muted">No command matches.</p>}
    </section>
  );
}

interface KeysProps {
  readonly command: CommandInfo;
  readonly chosen: Readonly<Record<string, string>>;
}

function Keys({ command, chosen }: KeysProps): ReactElement {
  const keys = keysOf(command, chosen);
  return (
    <>
      {keys === undefined ? <span className="muted">none</span> : <kbd>{shownKeys(keys)}</kbd>}
      {command.id in chosen && <span className="muted"> changed</span>}
    </>
  );
}

/** Waits for keys to be pressed; says whose they are already, and takes them over only when asked again. */
function KeyRecorder({
  command,
  onClose,
}: {
  readonly command: CommandInfo;
  readonly onClose: () => void;
}): ReactElement {
  const [keys, setKeys] = useState<string>();
  const taken = keys === undefined ? undefined : commandWithKeys(keys, chosenKeys.get(), command.id);
  const press = (event: KeyboardEvent): void => {
    if (event.key === "Tab" || event.key === "Enter") return;
    // While keys are recorded they call nothing.
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") {
      onClose();
      return;
    }
    const pressed = keysOfEvent(event.nativeEvent);
    if (pressed !== undefined) setKeys(pressed);
  };
  const take = (): void => {
    if (keys === undefined) return;
    chooseKeys(command.id, keys);
    onClose();
  };
  return (
    <form
      className="key-recorder"
      onSubmit={(event) => {
        event.preventDefault();
        take();
      }}
    >
      <InputGroup
        size="small"
        autoFocus
        readOnly
        aria-label={`New keys of ${command.title}`}
        placeholder="Press keys"
        value={keys === undefined ? "" : shownKeys(keys)}
        onKeyDown={press}
      />
      <Button
        size="small"
        type="submit"
        intent="primary"
        text={taken === undefined ? "Use" : "Take over"}
        disabled={keys === undefined}
      />
      <Button
        size="small"
        text="No keys"
        onClick={() => {
          chooseKeys(command.id, "");
          onClose();
        }}
      />
      <Button size="small" variant="minimal" text="Cancel" onClick={onClose} />
      <span className="tone-warning key-conflict" role="status">
        {taken !== undefined && `Taken by “${taken.title}”, which would have none.`}
      </span>
    </form>
  );
}
