import { defineConfig } from "vitest/config";

const AREAS = [
  "base",
  "contract",
  "graph",
  "onnx",
  "ops",
  "transform",
  "data",
  "runtime",
  "measure",
  "store",
  "report",
  "layers",
];
const TINY = AREAS.map((area) => `tests/${area}/**/*.test.ts`);
const LARGE = ["**/*.fault.test.ts", "**/*.large.test.ts", "**/conformance*.test.ts"];

/**
 * Two projects: `tiny` is the part of `npm run check`, seconds in all; `full` is the rest.
 * Files run in processes of their own, since onnxruntime does not survive being unloaded with a thread.
 */
export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    // For busy machines: no test is about time.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ["default", "./tests/reporter.ts"],
    projects: [
      {
        extends: true,
        test: { name: "tiny", include: TINY, exclude: LARGE },
      },
      {
        extends: true,
        test: {
          name: "full",
          include: ["tests/**/*.test.{ts,tsx}"],
          exclude: [
            "tests/layers/planted/**",
            ...AREAS.map((area) => `tests/${area}/**/!(*.fault|*.large|conformance*).test.ts`),
          ],
        },
      },
    ],
  },
});
