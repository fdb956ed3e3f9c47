import { resolve } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig } from "electron-vite";
import { layOutEngine } from "./scripts/layOutEngine.ts";

const here = (path: string): string => resolve(import.meta.dirname, path);

export default defineConfig({
  main: {
    plugins: [
      {
        name: "lathe-engine",
        // The engine is no bundle: see core/decisions.
        writeBundle: async ({ dir }) => {
          if (dir !== undefined) await layOutEngine(import.meta.dirname, resolve(dir, "../engine"));
        },
      },
    ],
    build: {
      // The main process carries what it needs of the packages, which is little.
      externalizeDeps: { exclude: ["zod"] },
      rolldownOptions: { input: { index: here("main/index.ts") } },
    },
  },
  preload: {
    build: {
      // A sandboxed preload script has to be one CommonJS file.
      rolldownOptions: {
        input: { index: here("preload/index.ts") },
        output: { format: "cjs", entryFileNames: "[name].cjs" },
      },
    },
  },
  renderer: {
    root: here("renderer"),
    plugins: [react()],
    build: {
      minify: true,
      // One page, loaded from the machine itself: its size is stated in renderer/README.md.
      chunkSizeWarningLimit: 1024,
      rolldownOptions: { input: here("renderer/index.html") },
    },
  },
});
