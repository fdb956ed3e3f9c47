import type { Report } from "../../core/contract/report.ts";

const names = ["fashion-mnist", "quantize-static", "quantize-dynamic", "convert-fp16"] as const;
const top1 = [92.4, 92.1, 92.3, 92.4];
const time = [1.42, 0.61, 1.55, 1.61];
const kib = [712, 196, 201, 362];

/** A report with every kind of block, shaped like the ones that the app makes. */
export const sampleReport: Report = {
  title: "fashion-mnist: 4 variants",
  subtitle: "Compared with fashion-mnist on 1,000 test samples of fashion-mnist; AMD EPYC 9R14, 2 threads.",
  at: "2026-01-02T03:04:05.000Z",
  blocks: [
    {
      kind: "tiles",
      tiles: [
        { label: "Smallest: quantize-static", text: "3.63×", note: "196 KiB instead of 712 KiB", tone: "good" },
        { label: "Fastest: quantize-static", text: "2.33×", note: "0.61 ms instead of 1.42 ms", tone: "good" },
        { label: "Most accurate: fashion-mnist", text: "92.4 %", note: "90.6 to 93.9 %" },
      ],
    },
    {
      kind: "callout",
      tone: "good",
      text: "quantize-static is 3.63× smaller and 2.33× faster; its accuracy differs by −0.3 points, which is within the noise of 1,000 samples.",
    },
    { kind: "heading", level: 2, text: "Variants" },
    {
      kind: "table",
      title: "Side by side with the baseline, fashion-mnist",
      columns: [
        { title: "Variant", align: "start" },
        { title: "Top-1", unit: "%", align: "end" },
        { title: "Δ Top-1", unit: "points", align: "end" },
        { title: "Latency p50", unit: "ms", align: "end" },
        { title: "p95", unit: "ms", align: "end" },
        { title: "Speed-up", align: "end" },
        { title: "Size", align: "end" },
        { title: "Smaller", align: "end" },
        { title: "Peak memory", align: "end" },
        { title: "Parameters", align: "end" },
        { title: "MACs", align: "end" },
      ],
      rows: names.map((name, i) => [
        { text: name, ...(i === 0 && { note: "baseline" }) },
        {
          text: (top1[i] ?? 0).toFixed(1),
          value: top1[i],
          note: "90.6–93.9",
          interval: [90.6, 93.9] as [number, number],
          ...(i === 3 && { tone: "best" as const }),
        },
        i === 0 ? { text: "—" } : { text: ["", "−0.3", "−0.1", "0.0"][i] ?? "", note: "±0.4", tone: "neutral" },
        {
          text: (time[i] ?? 0).toFixed(2),
          value: time[i],
          note: "1.40–1.44",
          ...(i === 1 && { tone: "best" as const }),
        },
        { text: ((time[i] ?? 0) * 1.2).toFixed(2) },
        i === 0 ? { text: "—" } : { text: `${(1.42 / (time[i] ?? 1)).toFixed(2)}×`, tone: i === 1 ? "good" : "bad" },
        { text: `${kib[i] ?? 0} KiB`, value: (kib[i] ?? 0) * 1024, ...(i === 1 && { tone: "best" as const }) },
        i === 0 ? { text: "—" } : { text: `${(712 / (kib[i] ?? 1)).toFixed(2)}×`, tone: "good" },
        { text: "12.3 MiB", note: "+3.1 MiB over runtime" },
        { text: "176 k" },
        { text: "14.2 M" },
      ]),
    },
    {
      kind: "bars",
      title: "Top-1 accuracy, with 95 % interval",
      form: "dots",
      axis: { title: "Top-1", unit: "%", scale: "linear" },
      bars: names.map((label, i) => ({
        label,
        group: label,
        value: top1[i] ?? 0,
        interval: [(top1[i] ?? 0) - 1.8, (top1[i] ?? 0) + 1.5] as [number, number],
      })),
      reference: { label: "fashion-mnist 92.4 %", value: 92.4 },
    },
    {
      kind: "bars",
      title: "Median latency, batch 1",
      axis: { title: "Time per call", unit: "ms", scale: "linear" },
      bars: names.map((label, i) => ({
        label,
        group: label,
        value: time[i] ?? 0,
        interval: [(time[i] ?? 0) * 0.98, (time[i] ?? 0) * 1.03] as [number, number],
      })),
      reference: { label: "fashion-mnist 1.42 ms", value: 1.42 },
    },
    {
      kind: "scatter",
      title: "Accuracy against latency",
      x: { title: "Median latency", unit: "ms", scale: "linear" },
      y: { title: "Top-1", unit: "%", scale: "linear" },
      points: names.map((label, i) => ({
        label,
        group: label,
        x: time[i] ?? 0,
        y: top1[i] ?? 0,
        xInterval: [(time[i] ?? 0) * 0.98, (time[i] ?? 0) * 1.03] as [number, number],
        yInterval: [(top1[i] ?? 0) - 1.8, (top1[i] ?? 0) + 1.5] as [number, number],
      })),
      front: ["quantize-static", "fashion-mnist"],
    },
    {
      kind: "scatter",
      title: "Accuracy against size",
      x: { title: "File size", unit: "KiB", scale: "log" },
      y: { title: "Top-1", unit: "%", scale: "linear" },
      points: names.map((label, i) => ({ label, group: label, x: kib[i] ?? 0, y: top1[i] ?? 0 })),
      front: ["quantize-static", "quantize-dynamic", "convert-fp16"],
    },
    { kind: "heading", level: 2, text: "quantize-static" },
    {
      kind: "text",
      text: "INT8 weights and activations as QDQ pairs, from 256 calibration samples.\n\nThe second paragraph says more.",
    },
    { kind: "callout", tone: "warning", text: "This processor has no VNNI: INT8 will not be faster here." },
    { kind: "callout", tone: "info", text: "The first layer stays in float32." },
    {
      kind: "facts",
      facts: [
        { name: "Method", value: "quantize-static, version 1" },
        { name: "Seed", value: "0" },
        { name: "Made from", value: "fashion-mnist" },
        { name: "Model", value: "sha256 3f8a…91c0" },
        { name: "Calibration", value: "256 samples of train" },
      ],
    },
    { kind: "heading", level: 3, text: "Sensitivity" },
    {
      kind: "bars",
      title: "Output error with only this layer quantised",
      axis: { title: "SQNR", unit: "dB", scale: "linear" },
      bars: Array.from({ length: 14 }, (_, i) => ({
        label: `stage${i >> 2}.block${i & 3}.conv_with_a_long_name`,
        value: 38 - i * 1.3,
      })),
    },
    {
      kind: "lines",
      title: "Loss while fine-tuning",
      x: { title: "Epoch", scale: "linear" },
      y: { title: "Loss", scale: "linear" },
      series: [
        {
          label: "quantize-static",
          points: [
            [0, 1.9],
            [1, 1.2],
            [2, 0.8],
            [3, 0.7],
            [4, 0.66],
          ],
        },
        {
          label: "fashion-mnist",
          points: [
            [0, 2.1],
            [1, 1.5],
            [2, 1.1],
            [3, 0.9],
            [4, 0.85],
          ],
        },
      ],
    },
    {
      kind: "table",
      title: "Layers",
      collapsed: true,
      columns: [
        { title: "Node", align: "start" },
        { title: "Op", align: "start" },
        { title: "Time", unit: "ms", align: "end" },
      ],
      rows: [[{ text: "stem.conv" }, { text: "Conv" }, { text: "0.12", value: 0.12 }]],
    },
    { kind: "code", language: "json", text: '{\n  "method": "quantize-static",\n  "seed": 0\n}' },
  ],
};
