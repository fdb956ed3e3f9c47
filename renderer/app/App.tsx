import type { ReactElement } from "react";
import type { DesktopApi } from "../../core/contract/desktop.ts";

export interface AppProps {
  /** Absent where the page runs in a browser. */
  readonly versions: DesktopApi["versions"] | undefined;
}

export function App({ versions }: AppProps): ReactElement {
  return (
    <main>
      <h1>Lathe</h1>
      <p>A workbench that turns big neural networks into small ones.</p>
      <p>
        The workbench’s screens come later. Until then, everything works on the command line:{" "}
        <code>npm run lathe -- --help</code>
      </p>
      {versions !== undefined && (
        <footer>
          Electron {versions.electron}, Chromium {versions.chrome}, Node {versions.node}
        </footer>
      )}
    </main>
  );
}
