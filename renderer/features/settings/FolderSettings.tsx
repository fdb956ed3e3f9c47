import { Button } from "@blueprintjs/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactElement } from "react";
import { formatBytes } from "../../../core/base/format.ts";
import type { RecentProject } from "../../../core/contract/views.ts";
import { useEngine } from "../../client/engine.ts";
import { failureOf } from "../../client/failure.ts";
import { keys } from "../../client/keys.ts";
import { asked, useRecent, useShortPath, useStatus } from "../../client/queries.ts";
import { Failed, Loading } from "../../kit/states.tsx";
import { toast } from "../../kit/toast.ts";

/** Projects that are listed at once; each is measured on disk. */
const MOST = 12;

/** Where Lathe keeps what, how much of the disk it takes, and what can be given back. */
export function FolderSettings(): ReactElement {
  const status = useStatus().data;
  const recent = useRecent();
  const short = useShortPath();
  const [shown, setShown] = useState(MOST);
  const projects = recent.data?.filter((p) => !p.isMissing) ?? [];
  return (
    <section className="card" aria-labelledby="folders-title">
      <h2 id="folders-title">Folders</h2>
      {status !== undefined && (
        <dl className="facts">
          <div>
            <dt>Lathe’s own</dt>
            <dd>{short(status.folder)}</dd>
          </div>
          {status.diskFree !== undefined && (
            <div>
              <dt>Disk free</dt>
              <dd>{formatBytes(status.diskFree)}</dd>
            </div>
          )}
        </dl>
      )}
      {recent.failure !== undefined ? (
        <Failed failure={recent.failure} retry={recent.again} />
      ) : recent.data === undefined ? (
        <Loading what="the projects" />
      ) : projects.length === 0 ? (
        <p className="muted">No projects yet.</p>
      ) : (
        <>
          <div className="table-scroll" tabIndex={0} role="region" aria-label="Projects on disk">
            <table className="table">
              <thead>
                <tr>
                  <th scope="col">Project</th>
                  <th scope="col">Folder</th>
                  <th scope="col" className="end">
                    Models
                  </th>
                  <th scope="col" className="end">
                    Jobs
                  </th>
                  <th scope="col" className="end">
                    Cache
                  </th>
                  <th scope="col">Empty the cache</th>
                </tr>
              </thead>
              <tbody>
                {projects.slice(0, shown).map((project) => (
                  <ProjectRow key={project.id} project={project} />
                ))}
              </tbody>
            </table>
          </div>
          {projects.length > shown && (
            <Button variant="minimal" text={`Show all ${projects.length}`} onClick={() => setShown(projects.length)} />
          )}
          <p className="muted">A cache holds what was computed once to be used again. Runs make anew what they need.</p>
        </>
      )}
    </section>
  );
}

function ProjectRow({ project: { id, name, folder } }: { readonly project: RecentProject }): ReactElement {
  const { client } = useEngine();
  const queries = useQueryClient();
  const short = useShortPath();
  const storage = asked(
    useQuery({ queryKey: keys.storage(id), queryFn: () => client.projects.storage({ id }), staleTime: 5000 }),
  );
  const empty = async (): Promise<void> => {
    try {
      const { freed } = await client.projects.emptyCache({ id });
      await queries.invalidateQueries({ queryKey: keys.storage(id) });
      await toast(`Freed ${formatBytes(freed)}.`, { tone: "good" });
    } catch (thrown) {
      await toast(failureOf(thrown).message, { tone: "bad" });
    }
  };
  const size = (bytes: number | undefined): string =>
    storage.failure !== undefined ? "?" : bytes === undefined ? "…" : formatBytes(bytes);
  return (
    <tr>
      <th scope="row">{name}</th>
      <td className="folder-path" title={storage.failure?.message}>
        {short(folder)}
      </td>
      <td className="end">{size(storage.data?.artifacts)}</td>
      <td className="end">{size(storage.data?.jobs)}</td>
      <td className="end">{size(storage.data?.cache)}</td>
      <td>
        <Button
          size="small"
          text="Empty"
          aria-label={`Empty the cache of ${name}`}
          disabled={(storage.data?.cache ?? 0) === 0}
          onClick={() => void empty()}
        />
      </td>
    </tr>
  );
}
