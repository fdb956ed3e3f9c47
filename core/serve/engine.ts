import type { Host } from "../base/host.ts";
import { openTrialReader, type TrialReader } from "../app/trialReader.ts";
import type { EngineEvent } from "../contract/run.ts";
import { openChannel, type Channel } from "./channel.ts";
import { startJobs, type Jobs } from "./jobs.ts";
import { openModels, type Models } from "./models.ts";
import { openReading, type Reading } from "./reading.ts";
import { trackProjects, type OpenProjects } from "./openProjects.ts";
import type { Places } from "./places.ts";
import { openRecents, type Recents } from "./recents.ts";

export interface EngineOptions {
  readonly host: Host;
  readonly places: Places;
  /** Folder of what the engine keeps for its user: recent projects, the sample project. */
  readonly home: string;
  /** Folder with the sample's model and data. */
  readonly sample: string;
}

/** What all procedures share. */
export interface Engine extends EngineOptions {
  readonly recents: Recents;
  readonly projects: OpenProjects;
  readonly jobs: Jobs;
  readonly events: Channel<EngineEvent>;
  readonly models: Models;
  /** Data sets that pages look at. */
  readonly reading: Reading;
  /** Reads trials in a thread of its own. */
  readonly trials: TrialReader;
  /** Stops running jobs and closes the projects. */
  close(): Promise<void>;
}

export function openEngine(options: EngineOptions): Engine {
  const recents = openRecents(options.home, options.host);
  const projects = trackProjects(recents, options.host);
  const events = openChannel<EngineEvent>();
  const trials = openTrialReader();
  const reading = openReading(projects);
  const jobs = startJobs({ projects, events });
  const models = openModels();
  return {
    ...options,
    recents,
    projects,
    events,
    jobs,
    models,
    reading,
    trials,
    close: async () => {
      await reading.close();
      await trials.close();
      await models.viewer.close();
      await jobs.close();
      projects.closeAll();
    },
  };
}
