import { Button } from "@blueprintjs/core";
import type { ReactElement } from "react";
import { useStore } from "../kit/store.ts";
import { WorkBar } from "../parts/WorkBar.tsx";
import { working } from "./working.ts";

/** Work that a command started, above the screen. */
export function WorkingBar(): ReactElement | null {
  const current = useStore(working);
  if (current === undefined) return null;
  return (
    <div className="card working">
      <WorkBar state={current.state} what={current.what} onCancel={current.cancel} />
      {current.state.failure !== undefined && <Button text="Dismiss" onClick={current.dismiss} />}
    </div>
  );
}
