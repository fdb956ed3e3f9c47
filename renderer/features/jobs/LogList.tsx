import { Button, InputGroup, Switch } from "@blueprintjs/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState, type ReactElement } from "react";
import type { JobLogEntry } from "../../../core/contract/jobs.ts";
import { metricText } from "../../../core/contract/metrics.ts";

const ROW = 22;

export interface LogListProps {
  readonly entries: readonly JobLogEntry[];
  /** Tells two logs on one screen apart. */
  readonly name?: string;
}

/** A job's log; only the lines in sight are drawn. */
export function LogList({ entries, name = "Log lines" }: LogListProps): ReactElement {
  const [search, setSearch] = useState("");
  const [follows, setFollows] = useState(true);
  const scroller = useRef<HTMLDivElement>(null);
  const lines = entries.flatMap(({ at, event }) => {
    const text = textOf(event);
    return !text?.toLowerCase().includes(search.toLowerCase()) ? [] : [{ at, event, text }];
  });
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  useEffect(() => {
    if (follows && lines.length > 0) virtual.scrollToIndex(lines.length - 1);
  }, [follows, lines.length, virtual]);
  return (
    <div className="log">
      <div className="section-head">
        <h3>Log</h3>
        <div className="row">
          <InputGroup
            size="small"
            leftIcon="search"
            placeholder="Search"
            aria-label="Search the log"
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
          <Switch
            className="log-follow"
            label="Follow"
            checked={follows}
            onChange={(event) => setFollows(event.currentTarget.checked)}
          />
          <Button
            size="small"
            variant="minimal"
            icon="duplicate"
            text="Copy"
            aria-label="Copy the log"
            onClick={() => void navigator.clipboard.writeText(lines.map((l) => `${l.at} ${l.text}`).join("\n"))}
          />
        </div>
      </div>
      <div className="log-lines" ref={scroller} tabIndex={0} role="region" aria-label={name}>
        {lines.length === 0 ? (
          <p className="muted log-empty">{search === "" ? "Nothing was said yet." : "No line matches."}</p>
        ) : (
          <div className="log-all" style={{ height: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map(({ index, start }) => {
              const line = lines[index];
              if (line === undefined) return null;
              return (
                <div
                  key={index}
                  className={`log-line log-${line.event.kind}`}
                  style={{ transform: `translateY(${start}px)` }}
                >
                  <span className="muted">{line.at.slice(11, 19)}</span> {line.text}
                </div>
              );
            })}
          </div>
        )}
      </div>
    </div>
  );
}

function textOf(event: JobLogEntry["event"]): string | undefined {
  switch (event.kind) {
    case "stage":
      return event.name;
    case "message":
      return event.level === "warning" ? `Warning: ${event.text}` : event.text;
    case "metric":
      return metricText(event.name, event.value);
    case "state":
      return `The job is ${event.state}${event.reason === undefined ? "." : `: ${event.reason}`}`;
    case "step":
      return `Step ${event.step} of ${event.steps}: ${event.method}`;
    case "variant":
      return `Made ${event.name} (${event.variant})`;
    case "measured":
      return `Measured ${event.variants.join(", ")}`;
    case "trials":
      return event.count === 1 ? "One more trial is done" : `${event.count} more trials are done`;
    case "failure":
      return `Failed: ${event.message}`;
    case "progress":
    case "usage":
      return undefined;
  }
}
