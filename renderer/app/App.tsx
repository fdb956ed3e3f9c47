import { BlueprintProvider } from "@blueprintjs/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { EngineContext, type Engine } from "../client/engine.ts";
import { router } from "./router.tsx";

export function App({ engine }: { readonly engine: Engine }): ReactElement {
  return (
    <BlueprintProvider>
      <EngineContext value={engine}>
        <QueryClientProvider client={engine.queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </EngineContext>
    </BlueprintProvider>
  );
}
