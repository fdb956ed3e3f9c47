/** The registry that menu, keys and palette share. What a command does is the renderer's to say. */

export const MENUS = ["File", "Edit", "View", "Project", "Optimize", "Jobs", "Help"] as const;
export type CommandMenu = (typeof MENUS)[number];

/** A menu as people read it. */
export function menuTitle(menu: CommandMenu): string {
  return menu === "Optimize" ? "Optimise" : menu;
}

export interface CommandInfo {
  readonly id: string;
  readonly title: string;
  /** As people read keys: "Mod" is Ctrl, and ⌘ on a Mac. */
  readonly keys?: string;
  /** On the desktop, where no browser keeps them for itself. */
  readonly desktopKeys?: string;
  readonly menu: CommandMenu;
  /** Only where a project is open. */
  readonly needsProject?: true;
}

const command = (menu: CommandMenu, id: string, rest: Omit<CommandInfo, "menu" | "id">): CommandInfo =>
  Object.freeze({ menu, id, ...rest });

export const COMMANDS: readonly CommandInfo[] = Object.freeze([
  command("File", "project.new", { title: "New project…", keys: "Mod+Shift+N", desktopKeys: "Mod+N" }),
  command("File", "project.open", { title: "Open project…", keys: "Mod+O" }),
  command("File", "project.sample", { title: "Open the sample project" }),
  command("File", "model.import", { title: "Import model…", keys: "Mod+I", needsProject: true }),
  command("File", "data.import", { title: "Import data…", keys: "Mod+Shift+I", needsProject: true }),
  command("File", "report.html", { title: "Save report as HTML", needsProject: true }),
  command("File", "go.export", { title: "Export…", keys: "Mod+E", needsProject: true }),
  command("File", "go.settings", { title: "Settings", keys: "Mod+," }),
  command("File", "tab.close", { title: "Close tab", keys: "Alt+W", desktopKeys: "Mod+W" }),
  command("File", "tab.reopen", {
    title: "Reopen closed tab",
    keys: "Alt+Shift+T",
    desktopKeys: "Mod+Shift+T",
  }),
  command("View", "palette", { title: "Command palette", keys: "Mod+K" }),
  command("View", "theme.system", { title: "Theme: as the system" }),
  command("View", "theme.light", { title: "Theme: light" }),
  command("View", "theme.dark", { title: "Theme: dark" }),
  command("View", "theme.contrast", { title: "Theme: high contrast" }),
  command("View", "panel.inspector", { title: "Show or hide the inspector", keys: "Mod+Alt+B" }),
  command("View", "panel.bottom", { title: "Show or hide the bottom panel", keys: "Mod+Alt+J" }),
  command("View", "pane.next", { title: "Next pane", keys: "F6" }),
  command("View", "go.home", { title: "Go to Home", keys: "Alt+H" }),
  command("Project", "go.overview", { title: "Go to Overview", keys: "Alt+1", needsProject: true }),
  command("Project", "go.trials", { title: "Go to Trials", keys: "Alt+T", needsProject: true }),
  command("Project", "go.compare", { title: "Go to Compare", keys: "Mod+D", needsProject: true }),
  command("Edit", "edit.archive", { title: "Archive what is chosen", keys: "Delete", needsProject: true }),
  command("Project", "go.data", { title: "Go to Data", keys: "Alt+3", needsProject: true }),
  command("Project", "go.model", { title: "Go to Model", keys: "Alt+4", needsProject: true }),
  command("View", "model.find", { title: "Model: find", keys: "Mod+F", needsProject: true }),
  command("View", "model.fit", { title: "Model: fit the graph", keys: "Space", needsProject: true }),
  command("View", "model.zoomIn", { title: "Model: zoom in", keys: "+", needsProject: true }),
  command("View", "model.zoomOut", { title: "Model: zoom out", keys: "-", needsProject: true }),
  command("View", "model.collapse", { title: "Model: collapse all blocks", needsProject: true }),
  command("Optimize", "go.methods", { title: "Choose a method", keys: "Alt+2", needsProject: true }),
  command("Optimize", "wizard.run", { title: "Run what the form says", keys: "Mod+Enter", needsProject: true }),
  command("Jobs", "go.jobs", { title: "Go to Jobs", keys: "Mod+J", needsProject: true }),
  command("Jobs", "variants.measure", { title: "Measure all variants", needsProject: true }),
  command("Help", "keys", { title: "Keyboard shortcuts", keys: "?" }),
]);
