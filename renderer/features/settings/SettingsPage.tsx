import { HTMLSelect, InputGroup, Switch } from "@blueprintjs/core";
import { useState, type ReactElement } from "react";
import { formatBytes } from "../../../core/base/format.ts";
import type { DiagnosisView } from "../../../core/contract/views.ts";
import { useEngine } from "../../client/engine.ts";
import { useDiagnosis, useStatus } from "../../client/queries.ts";
import { Glyph } from "../../kit/Glyph.tsx";
import { keepAwake } from "../../kit/power.ts";
import { Failed, Loading } from "../../kit/states.tsx";
import { useStore } from "../../kit/store.ts";
import { theme, THEMES, type Theme } from "../../kit/theme.ts";
import { defaultThreads } from "../../kit/threads.ts";
import { FolderSettings } from "./FolderSettings.tsx";
import { KeySettings } from "./KeySettings.tsx";

const NAMES: Readonly<Record<Theme, string>> = {
  system: "As the system",
  light: "Light",
  dark: "Dark",
  contrast: "High contrast",
};

/** How the workbench looks, and what the engine's machine can do. */
export function SettingsPage(): ReactElement {
  const chosen = useStore(theme);
  const machine = useDiagnosis();
  return (
    <div className="page settings">
      <header className="page-head">
        <h1>Settings</h1>
      </header>
      <section className="card" aria-labelledby="look-title">
        <h2 id="look-title">Look</h2>
        <div className="row">
          <label htmlFor="settings-theme">Theme</label>
          <HTMLSelect
            id="settings-theme"
            value={chosen}
            options={THEMES.map((value) => ({ value, label: NAMES[value] }))}
            onChange={(event) => {
              const found = THEMES.find((t) => t === event.currentTarget.value);
              if (found !== undefined) theme.set(found);
            }}
          />
        </div>
      </section>
      <section className="card" aria-labelledby="work-title">
        <h2 id="work-title">Work</h2>
        <Threads />
        <Power />
      </section>
      <section className="card" aria-labelledby="machine-title">
        <h2 id="machine-title">The engine’s machine</h2>
        {machine.failure !== undefined ? (
          <Failed failure={machine.failure} retry={machine.again} />
        ) : machine.data === undefined ? (
          <Loading what="what the machine can do" />
        ) : (
          <Machine found={machine.data} />
        )}
      </section>
      <FolderSettings />
      <KeySettings />
    </div>
  );
}

/** Threads that a new run asks for. */
function Threads(): ReactElement {
  const most = useStatus().data?.threads;
  const chosen = useStore(defaultThreads);
  const [typed, setTyped] = useState<string>();
  const isWrong = typed !== undefined && typed !== "" && !/^[1-9]\d{0,3}$/.test(typed);
  return (
    <>
      <div className="row">
        <label htmlFor="settings-threads">Threads of a new run</label>
        <InputGroup
          id="settings-threads"
          className="settings-number"
          inputMode="numeric"
          placeholder={most === undefined ? "" : `${most}, as the machine has`}
          value={typed ?? (chosen === undefined ? "" : String(chosen))}
          intent={isWrong ? "danger" : "none"}
          aria-invalid={isWrong}
          aria-describedby="settings-threads-text"
          onChange={(event) => {
            const text = event.currentTarget.value.trim();
            setTyped(text);
            if (text === "") defaultThreads.set(undefined);
            else if (/^[1-9]\d{0,3}$/.test(text)) defaultThreads.set(Number(text));
          }}
        />
      </div>
      <p className={isWrong ? "tone-bad" : "muted"} id="settings-threads-text">
        {isWrong ? "Enter a whole number of at least 1." : "Left empty, as many as the machine has, at most 8."}
      </p>
    </>
  );
}

/** Whether the machine may sleep while jobs run; only the desktop has a say in that. */
function Power(): ReactElement {
  const { desktop } = useEngine();
  const isOn = useStore(keepAwake);
  return (
    <>
      <Switch
        label="Keep the machine awake while jobs run"
        checked={isOn && desktop !== undefined}
        disabled={desktop === undefined}
        onChange={(event) => keepAwake.set(event.currentTarget.checked)}
      />
      {desktop === undefined && <p className="muted">A page in a browser cannot; the desktop can.</p>}
    </>
  );
}

function Machine({ found }: { readonly found: DiagnosisView }): ReactElement {
  const { machine } = found;
  const uses = (name: string): string | undefined => found.training.find((t) => t.provider === name)?.uses;
  const sets = Object.entries(machine.instructionSets).flatMap(([name, isThere]) =>
    isThere ? [name.toUpperCase()] : [],
  );
  return (
    <>
      {found.advice.map((text) => (
        <p key={text} className="callout tone-info">
          {text}
        </p>
      ))}
      <dl className="facts">
        <Fact name="Processor" value={`${machine.processor}, ${machine.cores} cores`} />
        <Fact name="Memory" value={formatBytes(machine.memory)} />
        <Fact name="Instruction sets" value={sets.length === 0 ? "none of note" : sets.join(", ")} />
        <Fact name="Disk" value={found.diskFree === undefined ? "unknown" : `${formatBytes(found.diskFree)} free`} />
        <Fact name="Versions" value={`Lathe ${found.lathe}, ${machine.runtime}, Node ${found.node}`} />
      </dl>
      <div className="table-scroll" tabIndex={0} role="region" aria-label="Devices">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Device</th>
              <th scope="col">Here</th>
              <th scope="col">Why, and what a training uses</th>
            </tr>
          </thead>
          <tbody>
            {machine.providers.map(({ name, available, reason }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  <span className={available ? "tone-good" : "muted"}>
                    <Glyph icon={available ? "tick" : "cross"} size={14} /> {available ? "yes" : "no"}
                  </span>
                </td>
                <td className="settings-reason">
                  {reason}
                  {uses(name) !== undefined && ` Training: ${uses(name) ?? ""}.`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }): ReactElement {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
