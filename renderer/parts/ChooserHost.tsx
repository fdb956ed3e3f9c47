import { Button, Dialog, DialogBody, DialogFooter, HTMLSelect, InputGroup } from "@blueprintjs/core";
import type { IconName } from "@blueprintjs/icons";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState, type KeyboardEvent, type ReactElement } from "react";
import { formatBytes } from "../../core/base/format.ts";
import type { Place, PlaceEntry, PlaceUse } from "../../core/contract/place.ts";
import { useEngine } from "../client/engine.ts";
import { failureOf } from "../client/failure.ts";
import { asked, useShortPath } from "../client/queries.ts";
import { Glyph } from "../kit/Glyph.tsx";
import { Empty, Failed, Loading } from "../kit/states.tsx";
import { createLastingStore, useStore } from "../kit/store.ts";
import { toast } from "../kit/toast.ts";
import { chooserRequest, type ChooserRequest } from "./chooser.ts";

const TITLES: Readonly<Record<ChooserRequest["choice"], string>> = {
  model: "Choose an ONNX model",
  data: "Choose a data set",
  "data-file": "Choose a data set",
  folder: "Choose a folder",
  project: "Open a project",
};

const ACTIONS: Readonly<Record<ChooserRequest["choice"], string>> = {
  model: "Choose this model",
  data: "Choose this data",
  "data-file": "Choose this data",
  folder: "Choose this folder",
  project: "Open this project",
};

const ICONS: Readonly<Record<PlaceUse, IconName>> = {
  model: "graph",
  data: "th",
  project: "projects",
  folder: "folder-close",
  other: "document",
};

/** Where a person looked last, so that the next choice starts there. */
const lastPlace = createLastingStore<Place | undefined>("lathe.place", undefined, (kept) => {
  const { root, path } = (kept ?? {}) as Partial<Place>;
  return typeof root === "string" && root.startsWith("root-") && typeof path === "string" ? { root, path } : undefined;
});

/** The engine's own file browser, shown while somebody is asked. */
export function ChooserHost(): ReactElement | null {
  const request = useStore(chooserRequest);
  if (request === undefined) return null;
  const finish = (chosen?: { place: Place; name: string }): void => {
    chooserRequest.set(undefined);
    request.answer(chosen);
  };
  return (
    <Dialog
      isOpen
      className="chooser"
      title={TITLES[request.choice]}
      onClose={() => finish()}
      // The focus goes back to where the question came from.
      shouldReturnFocusOnClose
    >
      <Chooser request={request} onFinish={finish} />
    </Dialog>
  );
}

interface ChooserProps {
  readonly request: ChooserRequest;
  readonly onFinish: (chosen?: { place: Place; name: string }) => void;
}

function Chooser({ request: { choice }, onFinish }: ChooserProps): ReactElement {
  const { client } = useEngine();
  const [place, setPlace] = useState(lastPlace.get());
  const [selected, setSelected] = useState<PlaceEntry>();
  const [filter, setFilter] = useState("");
  const [active, setActive] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  /** Whether the focus goes along into the folder that is opened. */
  const follows = useRef(false);
  const short = useShortPath();
  const roots = asked(useQuery({ queryKey: ["roots"], queryFn: () => client.files.roots() }));
  const known = roots.data?.some((r) => r.place.root === place?.root) === true ? place : roots.data?.[0]?.place;
  const listing = asked(
    useQuery({
      queryKey: ["folder", known],
      queryFn: () => client.files.list({ place: known ?? { root: "", path: "" } }),
      enabled: known !== undefined,
      gcTime: 0,
      staleTime: 0,
    }),
  );
  const go = (to: Place): void => {
    setPlace(to);
    lastPlace.set(to);
    setSelected(undefined);
    setFilter("");
    setActive(0);
  };
  const folder = listing.data;
  useEffect(() => {
    if (folder === undefined || !follows.current) return;
    follows.current = false;
    (list.current?.querySelector<HTMLElement>(".chooser-entry") ?? list.current)?.focus();
  }, [folder]);
  const canTakeFolder = choice === "folder" || choice === "data";
  const fits = (entry: PlaceEntry): boolean =>
    entry.isFolder ||
    (choice === "model"
      ? entry.use === "model"
      : choice === "folder" || choice === "project"
        ? false
        : entry.use === "data");
  const entries = (folder?.entries ?? []).filter((e) => fits(e) && e.name.toLowerCase().includes(filter.toLowerCase()));
  const isFinal = (entry: PlaceEntry): boolean => (choice === "project" ? entry.use === "project" : !entry.isFolder);
  const open = (entry: PlaceEntry): void => {
    if (isFinal(entry)) onFinish({ place: entry.place, name: entry.name });
    else go(entry.place);
  };
  /** Arrows go from name to name and choose it, Backspace leaves the folder. */
  const press = (event: KeyboardEvent): void => {
    const steps: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1, Home: -Infinity, End: Infinity };
    const step = steps[event.key];
    if (event.key === "Backspace" && folder?.parent !== undefined) {
      follows.current = true;
      go(folder.parent);
    } else if (step !== undefined && entries.length > 0) {
      const next = Math.min(entries.length - 1, Math.max(0, active + step));
      setActive(next);
      setSelected(entries[next]);
      list.current?.querySelectorAll<HTMLElement>(".chooser-entry")[next]?.focus();
    } else return;
    event.preventDefault();
  };
  const target =
    selected !== undefined && (isFinal(selected) || (canTakeFolder && selected.isFolder))
      ? { place: selected.place, name: selected.name }
      : canTakeFolder && folder !== undefined && selected === undefined
        ? { place: folder.place, name: folder.label.split(/[/\\]/).at(-1) ?? folder.label }
        : undefined;
  const newFolder = async (): Promise<void> => {
    if (folder === undefined || filter === "") return;
    try {
      go((await client.files.makeFolder({ parent: folder.place, name: filter })).place);
    } catch (thrown) {
      await toast(failureOf(thrown).message, { tone: "bad" });
    }
  };
  return (
    <>
      <DialogBody className="chooser-body">
        <div className="chooser-head">
          {roots.data !== undefined && roots.data.length > 1 && (
            <HTMLSelect
              aria-label="Starting folder"
              value={known?.root ?? ""}
              options={roots.data.map((r) => ({ value: r.place.root, label: r.label }))}
              onChange={(event) => go({ root: event.currentTarget.value, path: "" })}
            />
          )}
          <Button
            icon="arrow-up"
            aria-label="Folder above"
            disabled={folder?.parent === undefined}
            onClick={() => folder?.parent !== undefined && go(folder.parent)}
          />
          <InputGroup
            fill
            leftIcon="filter"
            aria-label="Filter by name"
            placeholder="Filter by name"
            value={filter}
            onChange={(event) => setFilter(event.currentTarget.value)}
          />
          {choice === "folder" && (
            <Button
              icon="folder-new"
              text="New folder"
              title="Makes a folder of the name that you typed"
              disabled={filter === ""}
              onClick={() => void newFolder()}
            />
          )}
        </div>
        <p className="chooser-path" title={folder?.label}>
          {folder === undefined ? " " : short(folder.label)}
        </p>
        <div className="chooser-list">
          {listing.failure !== undefined ? (
            <Failed failure={listing.failure} retry={listing.again} />
          ) : folder === undefined ? (
            <Loading what="the folder" />
          ) : entries.length === 0 ? (
            <Empty icon="folder-open" title={filter === "" ? "Nothing to choose here" : "No name matches"}>
              {filter === "" ? "This folder holds nothing of the kind." : "Change the filter."}
            </Empty>
          ) : (
            <ul className="plain-list" aria-label="Files and folders" ref={list} onKeyDown={press}>
              {entries.map((entry, i) => (
                <li key={entry.name}>
                  <button
                    type="button"
                    className="chooser-entry"
                    aria-pressed={selected?.name === entry.name}
                    tabIndex={i === Math.min(active, entries.length - 1) ? 0 : -1}
                    onClick={() => {
                      setActive(i);
                      setSelected(entry);
                    }}
                    onDoubleClick={() => open(entry)}
                    onKeyDown={(event) => {
                      if (event.key !== "Enter") return;
                      event.preventDefault();
                      follows.current = true;
                      open(entry);
                    }}
                  >
                    <Glyph icon={ICONS[entry.use]} />
                    <span className="chooser-name">{entry.name}</span>
                    <span className="muted">
                      {entry.use === "project" ? "project" : entry.isFolder ? "folder" : formatBytes(entry.size)}
                    </span>
                  </button>
                  {entry.isFolder && entry.use !== "project" && (
                    <Button
                      variant="minimal"
                      icon="chevron-right"
                      tabIndex={-1}
                      aria-label={`Open folder ${entry.name}`}
                      onClick={() => go(entry.place)}
                    />
                  )}
                </li>
              ))}
            </ul>
          )}
        </div>
        {folder !== undefined && folder.more > 0 && (
          <p className="muted">{folder.more} more names are not shown; filter on the command line instead.</p>
        )}
      </DialogBody>
      <DialogFooter
        actions={
          <>
            <Button text="Cancel" onClick={() => onFinish()} />
            <Button
              intent="primary"
              text={ACTIONS[choice]}
              disabled={target === undefined}
              onClick={() => onFinish(target)}
            />
          </>
        }
      >
        <span className="chooser-target">{target?.name ?? ""}</span>
      </DialogFooter>
    </>
  );
}
