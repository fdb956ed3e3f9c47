import type { ReactElement } from "react";
import { formatBytes, formatFixed } from "../../../core/base/format.ts";
import type { JobView } from "../../../core/contract/run.ts";
import { useStatus } from "../../client/queries.ts";
import { duration } from "../../kit/numbers.tsx";

/** What a running job takes of the machine, and what is left. */
export function Resources({ view: { job, progress } }: { readonly view: JobView }): ReactElement | null {
  const status = useStatus().data;
  if (job.state !== "running" && job.state !== "cancelling") return null;
  const usage = progress?.usage;
  return (
    <dl className="numbers resources">
      <Number name="Elapsed" value={duration(job.seconds)} />
      <Number name="Left" value={progress?.secondsLeft === undefined ? undefined : duration(progress.secondsLeft)} />
      <Number name="Cores busy" value={usage && formatFixed(usage.cores, 1)} />
      <Number
        name="Memory"
        value={usage && formatBytes(usage.memory)}
        note={usage && `at most ${formatBytes(usage.peak)}`}
      />
      <Number name="Disk free" value={status?.diskFree === undefined ? undefined : formatBytes(status.diskFree)} />
    </dl>
  );
}

interface NumberProps {
  readonly name: string;
  readonly value: string | undefined;
  readonly note?: string | undefined;
}

function Number({ name, value, note }: NumberProps): ReactElement {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value ?? <span className="muted">—</span>}
        {note !== undefined && <span className="figure-note"> {note}</span>}
      </dd>
    </div>
  );
}
