import { Button } from "@blueprintjs/core";
import type { ReactElement } from "react";
import { toast } from "../kit/toast.ts";

/** Text to take elsewhere. */
export function Copyable({ title, text }: { readonly title: string; readonly text: string }): ReactElement {
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    await toast("Copied.");
  };
  return (
    <div className="copyable">
      <div className="section-head">
        <h3>{title}</h3>
        <Button
          size="small"
          variant="minimal"
          icon="duplicate"
          text="Copy"
          aria-label={`Copy: ${title}`}
          onClick={() => void copy()}
        />
      </div>
      <pre className="code" tabIndex={0} role="region" aria-label={title}>
        {text}
      </pre>
    </div>
  );
}
