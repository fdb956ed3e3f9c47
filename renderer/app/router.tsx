import { createHashHistory, createRootRoute, createRoute, createRouter, Outlet } from "@tanstack/react-router";
import { ExportPage } from "../features/export/ExportPage.tsx";
import { HomePage } from "../features/home/HomePage.tsx";
import { JobsPage } from "../features/jobs/JobsPage.tsx";
import { MethodsPage } from "../features/methods/MethodsPage.tsx";
import { WizardPage } from "../features/methods/WizardPage.tsx";
import { OverviewPage } from "../features/overview/OverviewPage.tsx";
import { SettingsPage } from "../features/settings/SettingsPage.tsx";
import { Empty } from "../kit/states.tsx";
import type { WizardStart } from "../kit/navigation.ts";
import { later } from "./later.tsx";
import { Shell } from "./Shell.tsx";

const ComparePage = later(
  async () => (await import("../features/compare/ComparePage.tsx")).ComparePage,
  "the comparison",
);
const ModelPage = later(async () => (await import("../features/model/ModelPage.tsx")).ModelPage, "the model");
const TrialsPage = later(async () => (await import("../features/trials/TrialsPage.tsx")).TrialsPage, "the trials");

const DataPage = later(async () => (await import("../features/data/DataPage.tsx")).DataPage, "the data");

const root = createRootRoute({
  component: () => (
    <Shell>
      <Outlet />
    </Shell>
  ),
  notFoundComponent: () => (
    <Empty isPage icon="search" title="There is no such screen">
      The address leads nowhere. Choose a screen on the left.
    </Empty>
  ),
});

const home = createRoute({ getParentRoute: () => root, path: "/", component: HomePage });

const overview = createRoute({
  getParentRoute: () => root,
  path: "/p/$project/overview",
  component: () => <OverviewPage project={overview.useParams().project} />,
});

const data = createRoute({
  getParentRoute: () => root,
  path: "/p/$project/data",
  validateSearch: (search): { readonly data: string | undefined; readonly sample: number | undefined } => ({
    data: typeof search["data"] === "string" ? search["data"] : undefined,
    sample: Number.isSafeInteger(search["sample"]) ? Math.max(0, Number(search["sample"])) : undefined,
  }),
  component: () => {
    const { data: name, sample } = data.useSearch();
    return <DataPage project={data.useParams().project} data={name} sample={sample} />;
  },
});

const methods = createRoute({
  getParentRoute: () => root,
  path: "/p/$project/methods",
  component: () => <MethodsPage project={methods.useParams().project} />,
});

const wizard = createRoute({
  getParentRoute: () => root,
  path: "/p/$project/wizard",
  validateSearch: (search): WizardStart => {
    const text = (value: unknown): string | undefined =>
      typeof value === "string" ? value : typeof value === "number" ? String(value) : undefined;
    // The router has read what is JSON as such.
    const record = (value: unknown): WizardStart["params"] =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? (value as WizardStart["params"])
        : undefined;
    return {
      method: text(search["method"]),
      from: text(search["from"]),
      params: record(search["params"]),
      clone: text(search["clone"]),
      job: text(search["job"]),
      trial: text(search["trial"]),
      preset: text(search["preset"]),
      exclude: text(search["exclude"]),
    };
  },
  component: () => <WizardPage project={wizard.useParams().project} start={wizard.useSearch()} />,
});

const jobs = createRoute({
  getParentRoute: () => root,
  path: "/p/$project/jobs",
  component: () => <JobsPage project={jobs.useParams().project} job={undefined} />,
});

const job = createRoute({
  getParentRoute: () => root,
  path: "/p/$project/jobs/$job",
  component: () => <JobsPage project={job.useParams().project} job={job.useParams().job} />,
});

const compare = createRoute({
  getParentRoute: () => root,
  path: "/p/$project/compare",
  component: () => <ComparePage project={compare.useParams().project} />,
});

const model = createRoute({
  getParentRoute: () => root,
  path: "/p/$project/model",
  validateSearch: (search): { readonly variant: string | undefined; readonly beside: string | undefined } => ({
    variant: typeof search["variant"] === "string" ? search["variant"] : undefined,
    beside: typeof search["beside"] === "string" ? search["beside"] : undefined,
  }),
  component: () => {
    const { variant, beside } = model.useSearch();
    return <ModelPage project={model.useParams().project} variant={variant} beside={beside?.split(",") ?? []} />;
  },
});

const trials = createRoute({
  getParentRoute: () => root,
  path: "/p/$project/trials",
  validateSearch: (search): { readonly job: string | undefined } => ({
    job: typeof search["job"] === "string" ? search["job"] : undefined,
  }),
  component: () => <TrialsPage project={trials.useParams().project} job={trials.useSearch().job} />,
});

const exporting = createRoute({
  getParentRoute: () => root,
  path: "/p/$project/export",
  validateSearch: (search): { readonly variant: string | undefined } => ({
    variant: typeof search["variant"] === "string" ? search["variant"] : undefined,
  }),
  component: () => <ExportPage project={exporting.useParams().project} variant={exporting.useSearch().variant} />,
});

const settings = createRoute({ getParentRoute: () => root, path: "/settings", component: SettingsPage });

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    overview,
    data,
    methods,
    wizard,
    jobs,
    job,
    compare,
    model,
    trials,
    exporting,
    settings,
  ]),
  history: createHashHistory(),
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
