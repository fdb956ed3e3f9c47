import { z } from "zod";

const cell = z.strictObject({
  text: z.string(),
  /** The number behind the text, for sorting and CSV. */
  value: z.number().optional(),
  /** The interval of that number, for CSV. */
  interval: z.tuple([z.number(), z.number()]).optional(),
  /** Smaller second line: interval, delta. */
  note: z.string().optional(),
  tone: z.enum(["neutral", "good", "bad", "best"]).optional(),
});

const column = z.strictObject({ title: z.string(), unit: z.string().optional(), align: z.enum(["start", "end"]) });

const point = z.strictObject({
  label: z.string(),
  x: z.number(),
  y: z.number(),
  xInterval: z.tuple([z.number(), z.number()]).optional(),
  yInterval: z.tuple([z.number(), z.number()]).optional(),
  group: z.string().optional(),
});

const axis = z.strictObject({ title: z.string(), unit: z.string().optional(), scale: z.enum(["linear", "log"]) });

const plain = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("heading"), level: z.union([z.literal(2), z.literal(3)]), text: z.string() }),
  z.strictObject({ kind: z.literal("text"), text: z.string() }),
  z.strictObject({ kind: z.literal("callout"), tone: z.enum(["info", "good", "warning"]), text: z.string() }),
  z.strictObject({ kind: z.literal("facts"), facts: z.array(z.strictObject({ name: z.string(), value: z.string() })) }),
  z.strictObject({
    kind: z.literal("table"),
    title: z.string(),
    columns: z.array(column),
    rows: z.array(z.array(cell)),
    collapsed: z.boolean().optional(),
  }),
  /** A few numbers to see first. */
  z.strictObject({
    kind: z.literal("tiles"),
    tiles: z.array(z.strictObject({ label: z.string(), ...cell.shape })),
  }),
  /** One horizontal bar per label, with optional interval whiskers. */
  z.strictObject({
    kind: z.literal("bars"),
    title: z.string(),
    /** Dots do not start at zero: for values that lie close together. Bars are the default. */
    form: z.enum(["bars", "dots"]).optional(),
    axis,
    bars: z.array(
      z.strictObject({
        label: z.string(),
        value: z.number(),
        interval: z.tuple([z.number(), z.number()]).optional(),
        group: z.string().optional(),
      }),
    ),
    /** A line drawn across all bars, for instance the baseline. */
    reference: z.strictObject({ label: z.string(), value: z.number() }).optional(),
  }),
  z.strictObject({
    kind: z.literal("scatter"),
    title: z.string(),
    x: axis,
    y: axis,
    points: z.array(point),
    front: z.array(z.string()).optional(),
  }),
  z.strictObject({
    kind: z.literal("lines"),
    title: z.string(),
    x: axis,
    y: axis,
    series: z.array(z.strictObject({ label: z.string(), points: z.array(z.tuple([z.number(), z.number()])) })),
  }),
  z.strictObject({ kind: z.literal("code"), language: z.string(), text: z.string() }),
]);

/** One block of a report. Hosts draw it; methods never do. */
export const reportBlock = plain;
export type ReportBlock = z.infer<typeof reportBlock>;
export type TableCell = z.infer<typeof cell>;
export type TableColumn = z.infer<typeof column>;

export const report = z.strictObject({
  title: z.string(),
  subtitle: z.string(),
  /** ISO 8601, UTC. */
  at: z.string(),
  blocks: z.array(reportBlock),
});
export type Report = z.infer<typeof report>;
