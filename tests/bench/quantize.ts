import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Latency } from "../../core/contract/measurement.ts";
import type { Preprocessing } from "../../core/contract/preprocessing.ts";
import { measureVariants } from "../../core/measure/variants.ts";
import { runChild } from "../../core/runtime/child.ts";
import { sharedData } from "../shared.ts";
import { accuracyByTarget, printProcessors, type ProcessorFigures } from "./quantizeAccuracy.ts";
import type { QuantizeTask, QuantizeTimes } from "./quantizeProbe.ts";

interface Subject {
  readonly name: string;
  readonly model: string;
  readonly data: string;
  readonly preprocessing: Preprocessing;
}

const image = {
  kind: "image",
  resize: "none",
  interpolation: "bilinear",
  scale: 1 / 255,
  layout: "nchw",
  type: "float32",
} as const;

/** Networks of which the data are here; the sample always is. */
const SUBJECTS: readonly Subject[] = [
  {
    name: "sample (Fashion-MNIST)",
    model: resolve(import.meta.dirname, "../../samples/fashion-mnist/model.onnx"),
    data: resolve(import.meta.dirname, "../../samples/fashion-mnist"),
    preprocessing: { ...image, channels: "grey", height: 28, width: 28, mean: [0.286], std: [0.353] },
  },
  ...(sharedData === undefined ? [] : ["resnet20", "resnet32"]).map((name) => ({
    name: `${name} (CIFAR-10)`,
    model: join(sharedData ?? "", "models/cifar10-resnets", `${name}.onnx`),
    data: join(sharedData ?? "", "datasets/cifar10-5k"),
    preprocessing: {
      ...image,
      channels: "rgb" as const,
      height: 32,
      width: 32,
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
    },
  })),
];

const ROUNDS = 5;
const SAMPLES = 1024;
const [FEW, MANY] = [64, 4000] as const;

interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export interface QuantizeFigures {
  readonly network: string;
  readonly accuracy: ProcessorFigures;
  /** Calibrating and quantising over merely running the model on the same samples. */
  readonly overhead: {
    readonly range: string;
    readonly samples: number;
    readonly run: Spread;
    readonly quantize: Spread;
    readonly ratio: Spread;
  }[];
  /** Bytes at the highest point while calibrating, by number of samples. */
  readonly peak: {
    readonly few: Spread;
    readonly many: Spread;
    readonly ratio: number;
    readonly samples: readonly [number, number];
  };
  readonly size: { readonly float: number; readonly int8: number; readonly ratio: number };
  readonly latency: {
    readonly batch: number;
    readonly threads: number;
    readonly float: Latency;
    readonly int8: Latency;
    readonly speedup: number;
  }[];
}

async function measure(subject: Subject, folder: string): Promise<QuantizeFigures> {
  const out = join(folder, "int8.onnx");
  const { name, ...files } = subject;
  const task = { ...files, batch: 32, threads: 1 };
  const probe = (more: Pick<QuantizeTask, "samples" | "range"> & { readonly out?: string }): Promise<QuantizeTimes> =>
    runChild<QuantizeTimes>(new URL("./quantizeProbe.ts", import.meta.url), { ...task, ...more });

  const overhead: QuantizeFigures["overhead"] = [];
  for (const range of ["percentile", "min-max"] as const) {
    const [run, quantize]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      run.push((await probe({ samples: SAMPLES, range })).milliseconds);
      quantize.push((await probe({ samples: SAMPLES, range, out })).milliseconds);
    }
    overhead.push({
      range,
      samples: SAMPLES,
      run: spread(run),
      quantize: spread(quantize),
      ratio: spread(run.map((ms, i) => quantize[i]! / ms)),
    });
  }
  const [few, many]: [number[], number[]] = [[], []];
  for (let round = 0; round < 3; round++) {
    few.push((await probe({ samples: FEW, range: "percentile", out: `${out}.few` })).peak);
    many.push((await probe({ samples: MANY, range: "percentile", out: `${out}.many` })).peak);
  }
  const sizes = { float: statSync(files.model).size, int8: statSync(out).size };
  const latency: QuantizeFigures["latency"] = [];
  for (const batch of [1, 32]) {
    const found = await measureVariants({
      files: [
        { id: "float", path: files.model },
        { id: "int8", path: out },
      ],
      session: { threads: 1 },
      batch,
      warmup: 10,
      runs: batch === 1 ? 1000 : 100,
      seed: 0,
    });
    const [float, int8] = [found["float"]!, found["int8"]!];
    latency.push({ batch, threads: 1, float, int8, speedup: float.median / int8.median });
  }
  return {
    network: name,
    accuracy: await accuracyByTarget(files),
    overhead,
    peak: {
      few: spread(few),
      many: spread(many),
      ratio: spread(many).median / spread(few).median,
      samples: [FEW, MANY],
    },
    size: { ...sizes, ratio: sizes.int8 / sizes.float },
    latency,
  };
}

function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)]!, low: sorted[0]!, high: sorted.at(-1)! };
}

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

/** Cost of calibrating, memory while calibrating, and what INT8 gains, each beside its floor. */
export const bench = {
  id: "quantize",
  title: "Static INT8 quantisation: accuracy by processor, overhead over merely running, memory, latency",
  run: async (): Promise<readonly QuantizeFigures[]> => {
    const folder = mkdtempSync(join(tmpdir(), "lathe-bench-"));
    try {
      const figures: QuantizeFigures[] = [];
      for (const subject of SUBJECTS) figures.push(await measure(subject, folder));
      return figures;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  print: (figures: readonly QuantizeFigures[]): string =>
    figures
      .map((f) =>
        [
          f.network,
          ...printProcessors(f.accuracy),
          ...f.overhead.map(
            (o) =>
              `  ${o.range}, ${o.samples} samples: running ${o.run.median.toFixed(0)} ms, calibrating and quantising ${o.quantize.median.toFixed(0)} ms, ` +
              `ratio ${o.ratio.median.toFixed(2)} (${o.ratio.low.toFixed(2)}–${o.ratio.high.toFixed(2)}, aim ≤ 1.3)`,
          ),
          `  peak memory: ${f.peak.samples[0]} samples ${megabytes(f.peak.few.median)}, ${f.peak.samples[1]} samples ${megabytes(f.peak.many.median)}, ratio ${f.peak.ratio.toFixed(3)} (aim ≤ 1.05)`,
          `  size: ${f.size.float} → ${f.size.int8} bytes, ratio ${f.size.ratio.toFixed(3)}`,
          ...f.latency.map(
            (l) =>
              `  batch ${l.batch}, ${l.threads} thread: float ${l.float.median.toFixed(3)} ms, INT8 ${l.int8.median.toFixed(3)} ms, ${l.speedup.toFixed(2)}× (p95 ${l.float.p95.toFixed(3)}, ${l.int8.p95.toFixed(3)})`,
          ),
        ].join("\n"),
      )
      .join("\n\n"),
};
