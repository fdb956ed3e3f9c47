import { Button } from "@blueprintjs/core";
import type { KeyboardEvent, ReactElement } from "react";
import { formatNumber, formatPercent } from "../../../core/base/format.ts";
import type { SampleDetail as Detail, SampleView, TensorView } from "../../../core/contract/samples.ts";
import { Failed, Loading, Refusal } from "../../kit/states.tsx";
import { Preview } from "./Preview.tsx";
import { useDetail, type DataName } from "./queries.ts";

export interface SampleDetailProps {
  readonly name: DataName;
  readonly sample: number;
  readonly variant: string;
  /** "12 of 7,000". */
  readonly position: string;
  readonly onPrevious: (() => void) | undefined;
  readonly onNext: (() => void) | undefined;
  readonly onClose: () => void;
}

/** One sample in full: what it is, what was said of it, and the tensor that the model gets. Arrows lead to the next. */
export function SampleDetail(props: SampleDetailProps): ReactElement {
  const { name, sample, variant, position, onPrevious, onNext, onClose } = props;
  const { data, failure, again } = useDetail(name, sample, variant);
  const press = (event: KeyboardEvent): void => {
    if (event.key === "ArrowLeft") onPrevious?.();
    else if (event.key === "ArrowRight") onNext?.();
    else if (event.key === "Escape") onClose();
    else return;
    event.preventDefault();
  };
  return (
    <section className="card sample-detail" aria-label="Sample" onKeyDown={press}>
      <div className="sample-head">
        <Button
          icon="arrow-left"
          aria-label="Previous sample"
          disabled={onPrevious === undefined}
          onClick={onPrevious}
        />
        <Button icon="arrow-right" aria-label="Next sample" disabled={onNext === undefined} onClick={onNext} />
        <span className="muted" role="status">
          {position}
        </span>
        <Button
          className="sample-close"
          variant="minimal"
          icon="cross"
          aria-label="Close the sample"
          onClick={onClose}
        />
      </div>
      {failure !== undefined ? (
        <Failed failure={failure} retry={again} />
      ) : data === undefined ? (
        <Loading what="the sample" />
      ) : (
        <Contents detail={data} />
      )}
    </section>
  );
}

function Contents({ detail }: { readonly detail: Detail }): ReactElement {
  const { sample, facts, preview, tensor, reason } = detail;
  return (
    <>
      <h2 className="sample-title">{sample.name}</h2>
      <dl className="facts sample-facts">
        {sample.class !== undefined && <Fact name="Class" value={sample.class} />}
        <Fact name="Split" value={`${sample.split ?? "left out"}${sample.calibrates ? ", calibrates" : ""}`} />
        {sample.predicted !== undefined && <Fact name="Predicted" value={saidText(sample.predicted)} />}
        {sample.baseline !== undefined && <Fact name="Baseline predicted" value={saidText(sample.baseline)} />}
      </dl>
      <div className="sample-pair">
        <figure>
          <Preview preview={preview} label={`${sample.name} as it is`} />
          <figcaption>
            <strong>As it is</strong>
            <span className="muted">{facts}</span>
          </figcaption>
        </figure>
        {tensor !== undefined && (
          <figure>
            <Preview preview={tensor.pictures[0]?.preview} label={`${sample.name} as the tensor that the model gets`} />
            <figcaption>
              <strong>As the model gets it</strong>
              <span className="muted">
                {tensor.type}[{tensor.shape.join(", ")}]
              </span>
            </figcaption>
          </figure>
        )}
      </div>
      {reason !== undefined && <Refusal failure={{ message: "The tensor cannot be made.", hint: reason }} />}
      {tensor !== undefined && <Tensor tensor={tensor} />}
    </>
  );
}

function Tensor({ tensor }: { readonly tensor: TensorView }): ReactElement {
  const [, ...planes] = tensor.pictures;
  return (
    <>
      <h3>Preparation</h3>
      <ol className="steps-list">
        {tensor.steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <h3>Values of the tensor</h3>
      <div className="table-scroll" tabIndex={0} role="region" aria-label="Values of the tensor">
        <table className="table table-small">
          <thead>
            <tr>
              <th scope="col">Channel</th>
              {["Min", "Mean", "Std", "Max"].map((title) => (
                <th key={title} scope="col" className="end">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {tensor.channels.map((c) => (
              <tr key={c.name}>
                <th scope="row">{c.name}</th>
                {[c.minimum, c.mean, c.deviation, c.maximum].map((value, i) => (
                  <td key={i} className="end">
                    {formatNumber(value)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {planes.length > 0 && (
        <div className="sample-planes">
          {planes.map(({ title, preview }) => (
            <figure key={title}>
              <Preview preview={preview} label={title} />
              <figcaption className="muted">{title}</figcaption>
            </figure>
          ))}
        </div>
      )}
      <RangeNote tensor={tensor} />
    </>
  );
}

/** Says what black and white mean in the drawings of the tensor. */
function RangeNote({ tensor }: { readonly tensor: TensorView }): ReactElement | null {
  const [first] = tensor.pictures;
  if (first?.preview.kind !== "image" || first.preview.range === undefined) return null;
  const { low, high } = first.preview.range;
  const note = first.title.startsWith("Channels") ? `${first.title}. ` : "";
  return (
    <p className="muted">
      {note}Black is {formatNumber(low)}, white {formatNumber(high)}.
    </p>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }): ReactElement {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function saidText({ class: name, confidence, isRight }: NonNullable<SampleView["predicted"]>): string {
  const verdict = isRight === undefined ? "" : isRight ? " ✓ right" : " ✗ wrong";
  return `${name}, ${formatPercent(confidence)}${verdict}`;
}
