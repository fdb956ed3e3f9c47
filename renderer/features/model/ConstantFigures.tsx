import type { ReactElement } from "react";
import { formatBytes, formatCount, formatNumber, formatPercent } from "../../../core/base/format.ts";
import type { TensorFacts } from "../../../core/contract/modelView.ts";
import { Chart } from "../../blocks/Chart.tsx";
import { Failed, Loading } from "../../kit/states.tsx";
import { useTensor } from "./queries.ts";

export interface ConstantFiguresProps {
  readonly project: string;
  readonly variant: string;
  readonly name: string;
}

/** Range, zeros and histogram of a constant. */
export function ConstantFigures({ project, variant, name }: ConstantFiguresProps): ReactElement {
  const { data, failure, again } = useTensor(project, variant, name);
  if (failure !== undefined) return <Failed failure={failure} retry={again} />;
  if (data === undefined) return <Loading what="the values" />;
  const zeros = data.counted === 0 ? 0 : data.zeros / data.counted;
  return (
    <>
      <dl className="facts constant-facts">
        <Fact name="Min" value={formatNumber(data.minimum)} />
        <Fact name="Mean" value={formatNumber(data.mean)} />
        <Fact name="Max" value={formatNumber(data.maximum)} />
        <Fact name="Std dev" value={formatNumber(data.deviation)} />
        <Fact name="Sparsity" value={formatPercent(zeros)} />
        <Fact name="Bits" value={String(data.bits)} />
        <Fact name="Elements" value={formatCount(data.elements)} />
        <Fact name="Size" value={formatBytes(data.bytes)} />
      </dl>
      {data.counted < data.elements && (
        <p className="muted">From {formatCount(data.counted)} elements spread evenly over it.</p>
      )}
      {data.nonFinite > 0 && <p className="callout tone-bad">{formatCount(data.nonFinite)} are NaN or infinite.</p>}
      <Histogram facts={data} />
    </>
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

const WIDTH = 260;
const HEIGHT = 90;

function Histogram({ facts: { bins, minimum, maximum, counted } }: { readonly facts: TensorFacts }): ReactElement {
  const most = Math.max(1, ...bins);
  const step = (maximum - minimum) / bins.length;
  const edge = (i: number): string => formatNumber(minimum + i * step);
  const peak = bins.indexOf(most);
  return (
    <Chart
      title="Values"
      summary={`${formatCount(counted)} values from ${edge(0)} to ${edge(bins.length)}; most lie between ${edge(peak)} and ${edge(peak + 1)}`}
      columns={["From", "To", "Count"]}
      rows={bins.map((count, i) => [edge(i), edge(i + 1), String(count)])}
    >
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT + 18}`}>
        {bins.map((count, i) => {
          const height = (count / most) * HEIGHT;
          const width = WIDTH / bins.length;
          return (
            <rect
              key={i}
              className="histogram-bar"
              x={i * width}
              y={HEIGHT - height}
              width={width - 0.6}
              height={height}
            />
          );
        })}
        <line className="chart-grid" x1={0} x2={WIDTH} y1={HEIGHT} y2={HEIGHT} />
        <text className="chart-tick" x={0} y={HEIGHT + 13}>
          {edge(0)}
        </text>
        <text className="chart-tick" x={WIDTH} y={HEIGHT + 13} textAnchor="end">
          {edge(bins.length)}
        </text>
      </svg>
    </Chart>
  );
}
