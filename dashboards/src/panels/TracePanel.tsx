// One rope test's trace, LMA above and LF below, with the one before in grey.
import { useEffect } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { type Paint, paint } from "../charts/paint";
import { texts } from "../i18n";
import { number } from "../numbers";
import { theme } from "../preferences";
import { useSize } from "../size";
import { day } from "../time";
import type { RopeTestWithTrace, Trace } from "../wire";

type Channel = "lma_pct" | "lf";

/** Both traces on one axis of positions; where only one was measured the other is not broken. */
function columns(trace: Trace, before: Trace | null, channel: Channel): uPlot.AlignedData {
  const own = [trace.position_m, trace[channel]] as uPlot.AlignedData;
  if (!before) return [own[0], new Array(own[0].length).fill(undefined), own[1] as number[]];
  return uPlot.join([[before.position_m, before[channel]] as uPlot.AlignedData, own]);
}

function options(width: number, height: number, label: string, colours: Paint): uPlot.Options {
  const axis = { stroke: colours.muted, font: `12px ${colours.font}`, ticks: { show: false } };
  const line = { points: { show: false } };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { drag: { x: true, y: false }, points: { show: false } },
    padding: [8, 26, 0, 0],
    scales: { x: { time: false } },
    axes: [
      { ...axis, grid: { show: false }, space: 80, values: (_, at) => at.map((m) => `${number(m, 0)} m`) },
      {
        ...axis,
        size: 52,
        label,
        labelFont: axis.font,
        labelSize: 20,
        grid: { stroke: colours.line, width: 0.7 },
        values: (_, at) => at.map((v) => number(v, Number.isInteger(v) ? 0 : 1)),
      },
    ],
    series: [
      {},
      { ...line, stroke: `${colours.rope}90`, width: 2.2 },
      { ...line, stroke: colours.live, width: 1.4 },
    ],
  };
}

type PlotProps = {
  test: RopeTestWithTrace;
  before: RopeTestWithTrace | null;
  channel: Channel;
  label: string;
};

function Plot({ test, before, channel, label }: PlotProps) {
  const [box, { width, height }] = useSize<HTMLDivElement>();
  const dress = theme.value;
  useEffect(() => {
    if (!box.current || width === 0) return;
    box.current.dataset.theme = dress;
    const data = columns(test.trace, before?.trace ?? null, channel);
    const plot = new uPlot(options(width, height, label, paint()), data, box.current);
    return () => plot.destroy();
  }, [test, before, channel, label, width, height, dress]);
  return <div class="plot" ref={box} role="img" aria-label={label} />;
}

type Props = { test: RopeTestWithTrace | null; before: RopeTestWithTrace | null };

export function TracePanel({ test, before }: Props) {
  const t = texts();
  const how = before ? `${t.ropes.traceHow} ${day(before.ended_ms)}` : "";
  return (
    <section class="panel block traces" aria-labelledby="trace-title">
      <h3 id="trace-title">
        {t.ropes.trace}
        <span class="muted">{[test ? day(test.ended_ms) : "", how].filter(Boolean).join(t.separator)}</span>
      </h3>
      {test ? (
        <>
          <Plot test={test} before={before} channel="lma_pct" label={t.ropes.lma} />
          <Plot test={test} before={before} channel="lf" label={t.ropes.lf} />
        </>
      ) : (
        <p class="muted">{t.ropes.noTests}</p>
      )}
    </section>
  );
}
