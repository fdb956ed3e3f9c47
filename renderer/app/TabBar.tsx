import { Button } from "@blueprintjs/core";
import type { ReactElement } from "react";
import { href, useGo } from "../kit/navigation.ts";
import { useStore } from "../kit/store.ts";
import { closeTab, tabs } from "./tabs.ts";

/** One tab for each open project; it leads to the screen that was seen last. */
export function TabBar({ project }: { readonly project: string | undefined }): ReactElement {
  const all = useStore(tabs);
  const go = useGo();
  return (
    <nav className="tabs" aria-label="Open projects">
      {all.map((tab) => (
        <span key={tab.project} className={tab.project === project ? "tab tab-here" : "tab"}>
          <a
            href={href(tab.path)}
            aria-current={tab.project === project ? "page" : undefined}
            title={tab.name}
            className="tab-link"
          >
            {tab.name}
          </a>
          <Button
            size="small"
            variant="minimal"
            icon="small-cross"
            aria-label={`Close ${tab.name}`}
            onClick={() => {
              const next = closeTab(tab.project);
              if (tab.project === project) go(next);
            }}
          />
        </span>
      ))}
    </nav>
  );
}
