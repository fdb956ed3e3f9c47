import { useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import type { Overview } from "../../../core/contract/views.ts";
import { useEngine } from "../../client/engine.ts";
import { keys } from "../../client/keys.ts";
import { asked, useShortPath } from "../../client/queries.ts";
import { Figure, shown } from "../../kit/numbers.tsx";

export interface Bundle {
  readonly folder: string;
  readonly files: string[];
  readonly verification: string;
}

export interface BundlePreviewProps {
  readonly project: string;
  readonly id: string;
  readonly overview: Overview;
}

/** What is known of the variant that is to be exported. */
export function BundlePreview({ project, id, overview }: BundlePreviewProps): ReactElement | null {
  const { client } = useEngine();
  const variant = overview.variants.find((v) => v.id === id);
  const model = asked(
    useQuery({
      queryKey: [...keys.project(project), "model", id],
      queryFn: () => client.variants.inspect({ project, variant: id, maximumNodes: 1 }),
      staleTime: Infinity,
    }),
  );
  if (variant === undefined) return null;
  const facts = model.data?.facts as
    | {
        readonly opsets: Readonly<Record<string, number>>;
        readonly inputs: readonly string[];
        readonly outputs: readonly string[];
      }
    | undefined;
  return (
    <>
      <h2>{variant.name}</h2>
      <dl className="facts">
        <div>
          <dt>Size</dt>
          <dd>
            <Figure value={shown.size(variant)} />
          </dd>
        </div>
        <div>
          <dt>Top-1</dt>
          <dd>
            <Figure value={shown.accuracy(variant)} />
          </dd>
        </div>
        <div>
          <dt>Latency</dt>
          <dd>
            <Figure value={shown.latency(variant)} />
          </dd>
        </div>
        {facts !== undefined && (
          <>
            <div>
              <dt>Format</dt>
              <dd>
                ONNX,{" "}
                {Object.entries(facts.opsets)
                  .map(([domain, version]) => `${domain} ${version}`)
                  .join(", ")}
              </dd>
            </div>
            <div>
              <dt>Inputs</dt>
              <dd className="mono">{facts.inputs.join(", ")}</dd>
            </div>
            <div>
              <dt>Outputs</dt>
              <dd className="mono">{facts.outputs.join(", ")}</dd>
            </div>
          </>
        )}
      </dl>
    </>
  );
}

/** What was written, and whether it still does what it did. */
export function BundleResult({ bundle: { folder, files, verification } }: { readonly bundle: Bundle }): ReactElement {
  const short = useShortPath();
  return (
    <div role="status">
      <h2>Exported</h2>
      <p className="callout tone-good">
        <span>{verification}</span>
      </p>
      <p className="mono path">{short(folder)}</p>
      <ul className="export-files">
        {files.map((file) => (
          <li key={file} className="mono">
            {file}
          </li>
        ))}
      </ul>
    </div>
  );
}
