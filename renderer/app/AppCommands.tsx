import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, type ReactElement } from "react";
import type { ProjectView } from "../../core/contract/views.ts";
import { useEngine } from "../client/engine.ts";
import { failureOf } from "../client/failure.ts";
import { keys } from "../client/keys.ts";
import { commandOfKey, runCommand, useCommand } from "../kit/commands.ts";
import { togglePanel } from "../kit/layout.ts";
import { paths, useGo } from "../kit/navigation.ts";
import { theme } from "../kit/theme.ts";
import { toast } from "../kit/toast.ts";
import { choose } from "../parts/chooser.ts";
import { useWork } from "../parts/useWork.ts";
import { saveText } from "../kit/saveFile.ts";
import { dialog } from "./dialogs.ts";
import { importRequest } from "./imports.ts";
import { nextPane } from "./panes.ts";
import { closeTab, reopenTab } from "./tabs.ts";
import { useTelling } from "./working.ts";

/** What the commands of the registry do, and the keys that call them. */
export function AppCommands({ project }: { readonly project: string | undefined }): ReactElement | null {
  const engine = useEngine();
  const { client, desktop } = engine;
  const queries = useQueryClient();
  const go = useGo();
  const hasProject = project !== undefined;
  const current = useRef(project);
  useEffect(() => {
    current.current = project;
  }, [project]);
  const id = project ?? "";
  const sample = useWork<ProjectView>();
  useTelling("Opening the sample project", sample);

  const open = async (): Promise<void> => {
    const chosen = await choose(engine, "project");
    if (chosen === undefined) return;
    try {
      go(paths.overview((await client.projects.open({ place: chosen.place })).id));
    } catch (thrown) {
      await toast(failureOf(thrown).message, { tone: "bad" });
    }
  };
  const importAs = async (kind: "model" | "data"): Promise<void> => {
    const chosen = await choose(engine, kind);
    if (chosen !== undefined) importRequest.set({ project: id, kind, chosen });
  };
  const openSample = async (): Promise<void> => {
    const made = await sample.start((signal) => client.projects.sample(undefined, { signal }));
    if (made !== undefined) go(paths.overview(made.id));
  };
  const measureAll = async (): Promise<void> => {
    try {
      const { variants } = await client.overview.get({ project: id });
      const { job } = await client.jobs.measure({ project: id, variants: variants.map((v) => v.id) });
      go(paths.jobs(id, job.id));
    } catch (thrown) {
      await toast(failureOf(thrown).message, { tone: "bad" });
    }
  };
  const saveReport = async (): Promise<void> => {
    try {
      saveText(await client.reports.render({ project: id, variants: [], format: "html" }));
    } catch (thrown) {
      await toast(failureOf(thrown).message, { tone: "bad" });
    }
  };
  useCommand("project.new", () => dialog.set("new-project"));
  useCommand("project.open", () => void open());
  useCommand("project.sample", () => void openSample());
  useCommand("model.import", () => void importAs("model"), hasProject);
  useCommand("data.import", () => void importAs("data"), hasProject);
  useCommand("report.html", () => void saveReport(), hasProject);
  useCommand("tab.close", () => go(closeTab(id)), hasProject);
  useCommand("tab.reopen", () => {
    const path = reopenTab();
    if (path !== undefined) go(path);
  });
  useCommand("palette", () => dialog.set("palette"));
  useCommand("keys", () => dialog.set("keys"));
  useCommand("theme.system", () => theme.set("system"));
  useCommand("theme.light", () => theme.set("light"));
  useCommand("theme.dark", () => theme.set("dark"));
  useCommand("theme.contrast", () => theme.set("contrast"));
  useCommand("panel.inspector", () => togglePanel("inspector"), hasProject);
  useCommand("panel.bottom", () => togglePanel("bottom"), hasProject);
  useCommand("pane.next", () => nextPane());
  useCommand("go.home", () => go(paths.home()));
  useCommand("go.overview", () => go(paths.overview(id)), hasProject);
  useCommand("go.compare", () => go(paths.compare(id)), hasProject);
  useCommand("go.model", () => go(paths.model(id)), hasProject);
  useCommand("go.trials", () => go(paths.trials(id)), hasProject);
  useCommand("go.data", () => go(paths.data(id)), hasProject);
  useCommand("go.methods", () => go(paths.methods(id)), hasProject);
  useCommand("go.export", () => go(paths.export(id)), hasProject);
  useCommand("go.settings", () => go(paths.settings()));
  useCommand("go.jobs", () => go(paths.jobs(id)), hasProject);
  useCommand("variants.measure", () => void measureAll(), hasProject);

  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const command = commandOfKey(event);
      if (command !== undefined && runCommand(command.id)) event.preventDefault();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
  useEffect(() => {
    desktop?.onRequest((request) => {
      if (request.kind === "command") runCommand(request.id);
      else if (request.kind === "go") go(request.path);
      else if (request.kind === "notice") void toast(request.text);
      else if (/\.onnx$/i.test(request.name)) {
        const { place } = request;
        const name = request.name.split(/[/\\]/).at(-1) ?? request.name;
        const into = current.current;
        if (into === undefined) void toast("Open a project first; the model is imported into it.", { tone: "bad" });
        else importRequest.set({ project: into, kind: "model", chosen: { place, name } });
      } else
        client.projects.open({ place: request.place }).then(
          (opened) => go(paths.overview(opened.id)),
          (thrown: unknown) => void toast(failureOf(thrown).message, { tone: "bad" }),
        );
    });
  }, [client, desktop, go]);
  useEffect(() => {
    // The list of recent projects follows from what is opened.
    void queries.invalidateQueries({ queryKey: keys.recent() });
  }, [project, queries]);
  return null;
}
