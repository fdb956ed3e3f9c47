import { Button, ButtonGroup, InputGroup } from "@blueprintjs/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactElement } from "react";
import type { RecentProject } from "../../../core/contract/views.ts";
import { useEngine } from "../../client/engine.ts";
import { failureOf } from "../../client/failure.ts";
import { keys } from "../../client/keys.ts";
import { useRecent, useShortPath } from "../../client/queries.ts";
import { runCommand } from "../../kit/commands.ts";
import { Glyph } from "../../kit/Glyph.tsx";
import { href, paths, useGo } from "../../kit/navigation.ts";
import { ago } from "../../kit/numbers.tsx";
import { Empty, Failed, Loading } from "../../kit/states.tsx";
import { toast } from "../../kit/toast.ts";
import { choose } from "../../parts/chooser.ts";

/** Where one starts: projects that were open before, and ways to a new one. */
export function HomePage(): ReactElement {
  const { desktop } = useEngine();
  return (
    <div className="page home">
      <header className="page-head">
        <div>
          <h1>Lathe</h1>
          <p className="muted">Turns big neural networks into small ones, and measures what came out.</p>
        </div>
      </header>
      <section className="home-starts" aria-label="Start">
        <Start
          icon="add"
          title="New project"
          text="An empty folder for your model and its variants"
          command="project.new"
          isMain
        />
        <Start icon="folder-open" title="Open project" text="A folder that Lathe made before" command="project.open" />
        <Start
          icon="learning"
          title="Sample project"
          text="A trained image classifier with 7,000 images"
          command="project.sample"
        />
      </section>
      {desktop !== undefined && (
        <p className="dropzone">
          <Glyph icon="import" /> Or drop a project folder anywhere in this window
        </p>
      )}
      <Recents />
    </div>
  );
}

interface StartProps {
  readonly icon: "add" | "folder-open" | "learning";
  readonly title: string;
  readonly text: string;
  readonly command: string;
  readonly isMain?: boolean;
}

function Start({ icon, title, text, command, isMain = false }: StartProps): ReactElement {
  return (
    <button
      type="button"
      className={isMain ? "home-start home-start-main" : "home-start"}
      onClick={() => runCommand(command)}
    >
      <Glyph icon={icon} size={20} />
      <span>
        <strong>{title}</strong>
        <span className="home-start-text">{text}</span>
      </span>
    </button>
  );
}

function Recents(): ReactElement {
  const { data, failure, again } = useRecent();
  const [search, setSearch] = useState("");
  if (failure !== undefined) return <Failed failure={failure} retry={again} />;
  if (data === undefined) return <Loading what="recent projects" />;
  if (data.length === 0) {
    return (
      <Empty icon="history" title="No projects yet">
        Projects that you open are listed here. The sample project shows in a minute what Lathe does.
      </Empty>
    );
  }
  const found = data.filter((r) => `${r.name} ${r.folder}`.toLowerCase().includes(search.toLowerCase()));
  return (
    <section aria-labelledby="recent-title">
      <div className="section-head">
        <h2 id="recent-title">Recent projects</h2>
        <InputGroup
          leftIcon="search"
          aria-label="Search recent projects"
          placeholder="Search"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      </div>
      {found.length === 0 ? (
        <Empty icon="search" title="No project matches">
          Change the search.
        </Empty>
      ) : (
        <ul className="plain-list card card-flush recents">
          {found.map((recent) => (
            <RecentRow key={recent.id} recent={recent} />
          ))}
        </ul>
      )}
    </section>
  );
}

function RecentRow({ recent }: { readonly recent: RecentProject }): ReactElement {
  const engine = useEngine();
  const { client } = engine;
  const queries = useQueryClient();
  const go = useGo();
  const short = useShortPath();
  const changed = (): Promise<void> => queries.invalidateQueries({ queryKey: keys.recent() });
  const pin = async (): Promise<void> => {
    await client.projects.pin({ id: recent.id, isPinned: !recent.isPinned });
    await changed();
  };
  const forget = async (): Promise<void> => {
    await client.projects.forget({ id: recent.id });
    await changed();
    await toast(`${recent.name} was taken off the list. Its folder stays.`, {
      undo: () => void client.projects.remember({ recent }).then(changed),
    });
  };
  /** Opens the folder where it is now; the entry of the old place goes. */
  const find = async (): Promise<void> => {
    const chosen = await choose(engine, "project");
    if (chosen === undefined) return;
    try {
      const { id } = await client.projects.open({ place: chosen.place });
      if (id !== recent.id) await client.projects.forget({ id: recent.id });
      if (recent.isPinned) await client.projects.pin({ id, isPinned: true });
      await changed();
      go(paths.overview(id));
    } catch (thrown) {
      await toast(failureOf(thrown).message, { tone: "bad" });
    }
  };
  return (
    <li className="recent">
      <Glyph
        icon={recent.isMissing ? "warning-sign" : recent.isPinned ? "pin" : "projects"}
        className={recent.isMissing ? "tone-warning" : "muted"}
      />
      <div className="recent-text">
        {recent.isMissing ? (
          <span className="recent-name">
            {recent.name} <span className="tag tone-warning">missing</span>
          </span>
        ) : (
          <a className="recent-name" href={href(paths.overview(recent.id))}>
            {recent.name}
          </a>
        )}
        <span className="recent-folder" title={recent.folder}>
          {short(recent.folder)}
        </span>
      </div>
      <span className="muted recent-at">{ago(recent.at, Date.now())}</span>
      <ButtonGroup variant="minimal">
        <Button
          icon={recent.isPinned ? "unpin" : "pin"}
          aria-label={recent.isPinned ? `Unpin ${recent.name}` : `Pin ${recent.name}`}
          onClick={() => void pin()}
        />
        {recent.isMissing && (
          <Button icon="search" text="Find…" aria-label={`Find ${recent.name}`} onClick={() => void find()} />
        )}
        <Button
          icon="cross"
          {...(recent.isMissing && { text: "Remove" })}
          aria-label={recent.isMissing ? `Remove ${recent.name} from the list` : `Take ${recent.name} off the list`}
          onClick={() => void forget()}
        />
      </ButtonGroup>
    </li>
  );
}
