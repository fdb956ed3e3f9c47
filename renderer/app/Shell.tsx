import { Button } from "@blueprintjs/core";
import type { IconName } from "@blueprintjs/icons";
import { useRouterState } from "@tanstack/react-router";
import { useEffect, useRef, type ReactElement, type ReactNode } from "react";
import { useEngine } from "../client/engine.ts";
import { useOverview } from "../client/queries.ts";
import { AppDialogs } from "./AppDialogs.tsx";
import { Inspector } from "../features/inspector/Inspector.tsx";
import { Glyph } from "../kit/Glyph.tsx";
import { layout, PANEL_SIZES, panelSizes, resizePanel, sizeOfPanel, type PanelSizes } from "../kit/layout.ts";
import { href, paths } from "../kit/navigation.ts";
import { shownKeys } from "../kit/commands.ts";
import { Splitter } from "../kit/Splitter.tsx";
import { ErrorBoundary } from "../kit/states.tsx";
import { useStore } from "../kit/store.ts";
import { AppCommands } from "./AppCommands.tsx";
import { BottomPanel } from "./BottomPanel.tsx";
import { DesktopSignals } from "./DesktopSignals.tsx";
import { dialog } from "./dialogs.ts";
import { DropOverlay } from "./DropOverlay.tsx";
import { Refused } from "./Refused.tsx";
import { StatusBar } from "./StatusBar.tsx";
import { TabBar } from "./TabBar.tsx";
import { visitTab } from "./tabs.ts";
import { WorkingBar } from "./WorkingBar.tsx";

/** The frame around every screen. */
export function Shell({ children }: { readonly children: ReactNode }): ReactElement {
  const { state } = useEngine();
  const connection = useStore(state);
  const path = useRouterState({ select: (s) => s.location.pathname });
  const full = useRouterState({ select: (s) => s.location.href });
  const project = /^\/p\/([^/]+)\//.exec(path)?.[1];
  const panels = useStore(layout);
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    // A new screen starts at its top, and whoever listens hears of it.
    main.current?.scrollTo(0, 0);
  }, [path]);
  if (connection === "refused") return <Refused />;
  return (
    <div className="shell">
      <a
        className="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the content
      </a>
      <AppCommands project={project} />
      <DesktopSignals project={project} />
      {project !== undefined && <TabKeeper project={project} path={full} />}
      <Rail project={project} path={path} />
      <div className="shell-top">
        <TabBar project={project} />
        <Button
          variant="minimal"
          icon="search"
          className="palette-button"
          text="Commands"
          title={`Command palette (${shownKeys("Mod+K")})`}
          onClick={() => dialog.set("palette")}
        />
      </div>
      <main className="shell-main" id="main" tabIndex={-1} ref={main} data-pane>
        <WorkingBar />
        <ErrorBoundary resetKey={full}>{children}</ErrorBoundary>
      </main>
      {project !== undefined && panels.inspector && (
        <Sized project={project} panel="inspector">
          <Inspector project={project} />
        </Sized>
      )}
      {project !== undefined && panels.bottom && (
        <Sized project={project} panel="bottom">
          <BottomPanel project={project} />
        </Sized>
      )}
      <StatusBar project={project} />
      <AppDialogs />
      <DropOverlay project={project} />
    </div>
  );
}

interface SizedProps {
  readonly project: string;
  readonly panel: keyof PanelSizes;
  readonly children: ReactNode;
}

const PANEL_NAMES: Readonly<Record<keyof PanelSizes, string>> = {
  inspector: "Width of the inspector",
  bottom: "Height of the bottom panel",
};

/** A panel as large as it was left in this project. */
function Sized({ project, panel, children }: SizedProps): ReactElement {
  const size = sizeOfPanel(useStore(panelSizes), project, panel);
  const { least, most } = PANEL_SIZES[panel];
  const Landmark = panel === "inspector" ? "aside" : "section";
  return (
    <Landmark
      aria-label={panel === "inspector" ? "Inspector" : "Bottom panel"}
      className={`sized sized-${panel}`}
      style={panel === "inspector" ? { width: size } : { height: size }}
    >
      <Splitter
        label={PANEL_NAMES[panel]}
        isUpright={panel === "inspector"}
        {...{ size, least, most }}
        onChange={(next) => resizePanel(project, panel, next)}
      />
      {children}
    </Landmark>
  );
}

/** Keeps the tab of the project that is seen. */
function TabKeeper({ project, path }: { readonly project: string; readonly path: string }): null {
  const name = useOverview(project).data?.project.settings.name;
  useEffect(() => {
    if (name !== undefined) visitTab({ project, name, path });
    document.title = name === undefined ? "Lathe" : `${name} – Lathe`;
    return () => {
      document.title = "Lathe";
    };
  }, [project, name, path]);
  return null;
}

interface RailEntry {
  readonly icon: IconName;
  readonly title: string;
  readonly path: string;
  readonly also?: string;
}

function Rail({ project, path }: { readonly project: string | undefined; readonly path: string }): ReactElement {
  const entries: readonly RailEntry[] = [
    { icon: "home", title: "Home", path: paths.home() },
    ...(project === undefined
      ? []
      : ([
          { icon: "dashboard", title: "Overview", path: paths.overview(project) },
          { icon: "th", title: "Data", path: paths.data(project) },
          { icon: "graph", title: "Model", path: paths.model(project) },
          { icon: "build", title: "Methods", path: paths.methods(project), also: `/p/${project}/wizard` },
          { icon: "stopwatch", title: "Jobs", path: paths.jobs(project) },
          { icon: "comparison", title: "Compare", path: paths.compare(project) },
          { icon: "scatter-plot", title: "Trials", path: paths.trials(project) },
          { icon: "export", title: "Export", path: paths.export(project) },
        ] as const)),
    { icon: "cog", title: "Settings", path: paths.settings() },
  ];
  const isHere = (e: RailEntry): boolean =>
    e.path === "/" ? path === "/" : path.startsWith(e.path) || (e.also !== undefined && path.startsWith(e.also));
  return (
    <nav className="rail" aria-label="Screens" tabIndex={-1} data-pane>
      {entries.map((e) => (
        <a key={e.title} className="rail-entry" href={href(e.path)} aria-current={isHere(e) ? "page" : undefined}>
          <Glyph icon={e.icon} size={20} />
          <span>{e.title}</span>
        </a>
      ))}
    </nav>
  );
}
