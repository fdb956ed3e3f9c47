import { eventIterator, oc, type ContractRouterClient, type Schema } from "@orpc/contract";
import { z } from "zod";
import type { Json } from "../base/json.ts";
import { classComparison, comparisonView, disagreement, disagreements, layerComparison } from "./compare.ts";
import { calibrationPick, splitName, splitPlan } from "./dataset.ts";
import { progressEvent } from "./event.ts";
import { exportChoices, exportPlan, verification } from "./export.ts";
import { failure } from "./failure.ts";
import { jobLogEntry } from "./jobs.ts";
import { chainPlan, chainRequest, engineEvent, jobView, jobWish, layerName, runPlan, runRequest } from "./run.ts";
import { preset, presetScope } from "./preset.ts";
import { reportBlock } from "./report.ts";
import { methodInfo } from "./method.ts";
import { foundParts, modelView, opChange, partFacts, tensorFacts } from "./modelView.ts";
import { folderView, place } from "./place.ts";
import { presetName } from "./preprocessing.ts";
import { variant } from "./project.ts";
import {
  calibrationReport,
  dataSummary,
  sampleDetail,
  sampleFilter,
  sampleOrder,
  samplePage,
  samplePreview,
} from "./samples.ts";
import { objective } from "./trials.ts";
import { importance, trialFront, trialOrder, trialPoints, trialRows, trialSearch, trialSummary } from "./trialViews.ts";
import {
  dataView,
  diagnosis,
  engineStatus,
  overview,
  projectStorage,
  projectView,
  recentProject,
  variantView,
} from "./views.ts";

/** Every procedure fails with what a LatheError says. */
const procedure = oc.errors({ FAILED: { status: 422, data: failure } });

const inProject = z.strictObject({ project: z.string() });
const ofVariant = inProject.extend({ variant: z.string() });
const ofData = inProject.extend({ data: z.string() });
/** A variant, in the blocks of another one or with others beside it, so that what is in both stands in the same places. */
const looking = ofVariant.extend({ reference: z.string().optional(), others: z.array(z.string()).max(8).optional() });
const ofJob = inProject.extend({ job: z.string() });
const ofVariants = inProject.extend({ variants: z.array(z.string()) });
const ofTrials = inProject.extend({ search: trialSearch });
const done = z.strictObject({});
const json: z.ZodType<Json> = z.json();

/** Progress while it works, the result at the end. */
const work = <In, Out>(result: Schema<In, Out>) => eventIterator(progressEvent, result);

/** What the engine does for a page, whichever door the page came through. */
export const procedures = {
  projects: {
    recent: procedure.output(z.array(recentProject)),
    create: procedure.input(z.strictObject({ name: z.string(), parent: place })).output(projectView),
    open: procedure.input(z.strictObject({ place })).output(projectView),
    /** One of `recent`, or one that is open. */
    reopen: procedure.input(z.strictObject({ id: z.string() })).output(projectView),
    /** The sample, made with its model and data where it is not there yet. */
    sample: procedure.output(work(projectView)),
    close: procedure.input(inProject).output(done),
    pin: procedure.input(z.strictObject({ id: z.string(), isPinned: z.boolean() })).output(done),
    forget: procedure.input(z.strictObject({ id: z.string() })).output(done),
    remember: procedure.input(z.strictObject({ recent: recentProject })).output(done),
    /** What the folder of one of `recent` takes on disk. */
    storage: procedure.input(z.strictObject({ id: z.string() })).output(projectStorage),
    /** Removes what can be computed again. */
    emptyCache: procedure.input(z.strictObject({ id: z.string() })).output(z.strictObject({ freed: z.number() })),
  },
  overview: {
    get: procedure.input(inProject).output(overview),
    saveNotes: procedure.input(inProject.extend({ notes: z.string().max(100_000) })).output(done),
    rename: procedure.input(inProject.extend({ name: z.string() })).output(done),
    pinBaseline: procedure.input(ofVariant).output(done),
  },
  variants: {
    get: procedure.input(ofVariant).output(variant),
    import: procedure.input(inProject.extend({ place, name: z.string().optional() })).output(work(variantView)),
    rename: procedure.input(ofVariant.extend({ name: z.string() })).output(done),
    /** Puts a variant out of sight, or back. */
    archive: procedure.input(ofVariant.extend({ isArchived: z.boolean() })).output(done),
    /** Operators, constants, inputs and the text of a model. */
    inspect: procedure
      .input(ofVariant.extend({ maximumNodes: z.int().positive().max(5000) }))
      .output(z.strictObject({ facts: json, text: z.string() })),
    diff: procedure.input(inProject.extend({ a: z.string(), b: z.string() })).output(
      z.strictObject({
        a: z.string(),
        b: z.string(),
        same: z.boolean(),
        text: z.string(),
        /** Ops that differ, layers first: some where there are very many. */
        changes: z.array(opChange),
        total: z.int(),
      }),
    ),
  },
  models: {
    /** The parts of a model that are seen while some of its blocks are open; without `open`, as it is seen at first. */
    view: procedure
      .input(
        looking.extend({
          open: z.array(z.string().max(400)).max(300).optional(),
          /** Count the zeros among the weights, which reads all of them. */
          sparsity: z.boolean().optional(),
        }),
      )
      .output(modelView),
    /** Parts by name, operator, tensor or shape. */
    find: procedure.input(looking.extend({ text: z.string().max(200) })).output(foundParts),
    part: procedure.input(looking.extend({ part: z.string().max(400) })).output(partFacts),
    /** Figures of a constant's elements. */
    tensor: procedure.input(ofVariant.extend({ name: z.string() })).output(tensorFacts),
    /** Runs a model for its shapes and arithmetic, and its layers' times where they are asked for. */
    profile: procedure
      .input(ofVariant.extend({ times: z.boolean() }))
      .output(work(z.strictObject({ layers: z.int() }))),
  },
  data: {
    import: procedure
      .input(
        inProject.extend({
          place,
          name: z.string().optional(),
          /** Chosen by hand; absent: what the metadata say, or what answers best of several that are tried. */
          preprocessing: presetName.optional(),
          splits: splitPlan.partial().optional(),
          unreadable: z.enum(["skip", "stop"]).optional(),
        }),
      )
      .output(work(dataView.extend({ reasons: z.array(z.string()) }))),
    /** A data set, opened and compared with what was imported; its splits and classes. */
    get: procedure.input(ofData).output(dataSummary),
    /** Some of the samples that a filter lets through, in order. */
    samples: procedure
      .input(
        ofData.extend({
          filter: sampleFilter,
          order: sampleOrder,
          offset: z.int().nonnegative(),
          limit: z.int().positive().max(500),
        }),
      )
      .output(samplePage),
    /** Pictures for a grid, in the order in which they are asked for. */
    previews: procedure
      .input(
        ofData.extend({
          samples: z.array(z.int().nonnegative()).max(256),
          /** Longest side, in pixels. */
          side: z.int().min(16).max(1024),
        }),
      )
      .output(z.array(samplePreview)),
    /** One sample beside the tensor that a model gets for it. */
    sample: procedure
      .input(ofData.extend({ sample: z.int().nonnegative(), variant: z.string().optional() }))
      .output(sampleDetail),
    /** Has a variant, and the baseline, look at splits that they have not seen; keeps what they say. */
    predict: procedure
      .input(ofData.extend({ variant: z.string(), splits: z.array(splitName).min(1) }))
      .output(work(z.strictObject({ samples: z.int() }))),
    /** What calibrating on some samples would mean. */
    tryCalibration: procedure.input(ofData.extend({ pick: calibrationPick })).output(work(calibrationReport)),
    /** Decides which samples calibrate from now on. */
    chooseCalibration: procedure.input(ofData.extend({ pick: calibrationPick })).output(dataSummary),
    /** Prepares samples in another of the ways that were tried at the import. */
    takePreparation: procedure.input(ofData.extend({ name: z.string() })).output(dataSummary),
  },
  methods: {
    list: procedure.output(z.array(methodInfo)),
    /** What a run would take, and whether it can be. */
    plan: procedure.input(inProject.extend({ run: runRequest })).output(runPlan),
    planChain: procedure.input(inProject.extend({ chain: chainRequest })).output(chainPlan),
    /** The nodes of a variant that parameters can name. */
    layers: procedure.input(ofVariant).output(z.array(layerName)),
  },
  presets: {
    list: procedure.input(inProject).output(z.array(preset)),
    save: procedure.input(inProject.extend({ preset })).output(done),
    remove: procedure.input(inProject.extend({ name: z.string(), scope: presetScope })).output(done),
  },
  jobs: {
    list: procedure.input(inProject).output(z.array(jobView)),
    run: procedure.input(jobWish.extend({ ...inProject.shape, run: runRequest })).output(jobView),
    runChain: procedure.input(jobWish.extend({ ...inProject.shape, chain: chainRequest })).output(jobView),
    /** Measures variants and the baseline beside them, in turns. */
    measure: procedure.input(inProject.extend({ variants: z.array(z.string()) })).output(jobView),
    log: procedure.input(ofJob).output(z.array(jobLogEntry)),
    pause: procedure.input(ofJob).output(jobView),
    resume: procedure.input(ofJob).output(jobView),
    cancel: procedure.input(ofJob).output(jobView),
    setPriority: procedure.input(ofJob.extend({ priority: z.int().min(-1000).max(1000) })).output(jobView),
    /** What each step of a chain changed, and what the methods found out. */
    results: procedure.input(ofJob).output(z.array(reportBlock)),
    /** Puts a job that has ended out of sight, or back. */
    archive: procedure.input(ofJob.extend({ isArchived: z.boolean() })).output(jobView),
    /** Removes its log and checkpoints; what it made stays. */
    remove: procedure.input(ofJob).output(done),
  },
  compare: {
    /** Without names: all variants. The baseline comes first in each. */
    get: procedure.input(ofVariants).output(comparisonView),
    layers: procedure.input(ofVariants).output(layerComparison),
    classes: procedure.input(ofVariants).output(classComparison),
    /** Samples that the variants answer differently. */
    samples: procedure
      .input(
        ofVariants.extend({
          which: disagreement,
          label: z.string().optional(),
          offset: z.int().nonnegative(),
          limit: z.int().min(1).max(1000),
        }),
      )
      .output(disagreements),
  },
  /** What searches have tried. */
  trials: {
    summary: procedure.input(inProject).output(trialSummary),
    page: procedure
      .input(
        ofTrials.extend({
          order: trialOrder.optional(),
          offset: z.int().nonnegative(),
          limit: z.int().min(1).max(1000),
        }),
      )
      .output(trialRows),
    /** Columns to draw; a sample that is spread evenly where there are more than the limit. */
    points: procedure
      .input(
        ofTrials.extend({
          columns: z.array(z.string()).max(40),
          limit: z.int().min(1).max(100_000),
          objectives: z.array(objective).max(3),
          include: z.array(z.int()).max(1000),
        }),
      )
      .output(trialPoints),
    front: procedure.input(ofTrials.extend({ objectives: z.array(objective).min(1).max(3) })).output(trialFront),
    importance: procedure.input(ofTrials.extend({ value: z.string() })).output(z.array(importance)),
    /** The run that makes one trial again, as a variant. */
    recipe: procedure.input(inProject.extend({ trial: z.int() })).output(runRequest),
  },
  reports: {
    render: procedure
      .input(inProject.extend({ variants: z.array(z.string()), format: z.enum(["html", "md", "csv", "json"]) }))
      .output(z.strictObject({ name: z.string(), type: z.string(), text: z.string() })),
  },
  exports: {
    /** JSON Schema of what may be chosen. */
    choices: procedure.output(z.record(z.string(), json)),
    /** What an export would write, and what is wrong with the choices; and the command that does it, without --out. */
    plan: procedure
      .input(ofVariant.extend(exportChoices.partial().shape))
      .output(exportPlan.extend({ command: z.string() })),
    /** Writes a verified bundle into a new folder. */
    write: procedure
      .input(ofVariant.extend({ ...exportChoices.partial().shape, parent: place, name: z.string() }))
      .output(
        work(
          z.strictObject({
            folder: z.string(),
            files: z.array(z.string()),
            /** In one line. */
            verification: z.string(),
            facts: verification,
          }),
        ),
      ),
  },
  files: {
    roots: procedure.output(z.array(z.strictObject({ place, label: z.string() }))),
    list: procedure.input(z.strictObject({ place })).output(folderView),
    makeFolder: procedure.input(z.strictObject({ parent: place, name: z.string() })).output(folderView),
  },
  engine: {
    status: procedure.output(engineStatus),
    diagnose: procedure.output(diagnosis),
    /** What happens, from now on. */
    events: procedure.output(eventIterator(engineEvent)),
  },
};

/** The engine as a page calls it. */
export type EngineClient = ContractRouterClient<typeof procedures>;
