import { Button, ButtonGroup, InputGroup } from "@blueprintjs/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type DragEvent, type ReactElement } from "react";
import type { RecentProject } from "../../../core/contract/views.ts";
import { useEngine } from "../../client/engine.ts";
import { keys } from "../../client/keys.ts";
import { useRecent, useShortPath } from "../../client/queries.ts";
import { runCommand } from "../../kit/commands.ts";
import { Glyph } from "../../kit/Glyph.tsx";
import { href, paths } from "../../kit/navigation.ts";
import { ago } from "../../kit/numbers.tsx";
import { Empty, Failed, Loading } from "../../kit/states.tsx";
import { toast } from "../../kit/toast.ts";

export interface HomePageProps {
  /** Takes what was dropped onto the page; absent where files cannot be dropped. */
  readonly onDrop?: ((files: readonly File[]) => void) | undefined;
}

/** Where one starts: projects that were open before, and ways to a new one. */
export function HomePage({ onDrop }: HomePageProps): ReactElement {
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
      {onDrop !== undefined && <DropZone onDrop={onDrop} />}
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

function DropZone({ onDrop }: { readonly onDrop: (files: readonly File[]) => void }): ReactElement {
  const [isOver, setOver] = useState(false);
  const take = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    onDrop([...event.dataTransfer.files]);
  };
  return (
    <div
      className={isOver ? "dropzone dropzone-over" : "dropzone"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={take}
    >
      <Glyph icon="import" /> {isOver ? "Let go to open it" : "Drop a project folder here"}
    </div>
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
  const { client } = useEngine();
  const queries = useQueryClient();
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
        <Button icon="cross" aria-label={`Take ${recent.name} off the list`} onClick={() => void forget()} />
      </ButtonGroup>
    </li>
  );
}
