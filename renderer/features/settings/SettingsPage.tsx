import { HTMLSelect } from "@blueprintjs/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { formatBytes } from "../../../core/base/format.ts";
import type { DiagnosisView } from "../../../core/contract/views.ts";
import { useEngine } from "../../client/engine.ts";
import { asked } from "../../client/queries.ts";
import { Glyph } from "../../kit/Glyph.tsx";
import { Failed, Loading } from "../../kit/states.tsx";
import { useStore } from "../../kit/store.ts";
import { theme, THEMES, type Theme } from "../../kit/theme.ts";

const NAMES: Readonly<Record<Theme, string>> = {
  system: "As the system",
  light: "Light",
  dark: "Dark",
  contrast: "High contrast",
};

/** How the workbench looks, and what the engine's machine can do. */
export function SettingsPage(): ReactElement {
  const { client } = useEngine();
  const chosen = useStore(theme);
  const machine = asked(
    useQuery({ queryKey: ["diagnosis"], queryFn: () => client.engine.diagnose(), staleTime: Infinity }),
  );
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
    </div>
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
