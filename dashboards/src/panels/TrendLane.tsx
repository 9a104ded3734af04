// One tag's past on the trend page: mean in its band, limits named, gaps hatched; marking a span zooms.
import { useEffect } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { paint } from "../charts/paint";
import { type Columns, stripOptions } from "../charts/strip";
import { say, texts } from "../i18n";
import { maybe } from "../numbers";
import { theme } from "../preferences";
import { useSize } from "../size";
import { ropewayNamed } from "../site";
import type { Series, Tag } from "../wire";

const SHORTEST_MARK_PX = 8;

export type Span = { from_s: number; to_s: number };

function extremes(series: Series, tag: Tag): string {
  const known = (column: (number | null)[]) => column.filter((value) => value !== null);
  const [low, high] = [known(series.min), known(series.max)];
  if (low.length === 0) return texts().trends.nothingGood;
  const figure = (value: number) => maybe(value, tag.decimals);
  return texts().trends.between(figure(Math.min(...low)), figure(Math.max(...high)), tag.unit);
}

const columnsOf = (series: Series): Columns => [
  series.t.map((ms) => ms / 1000),
  series.min,
  series.mean,
  series.max,
  series.count,
];

export function TrendLane({
  tag,
  series,
  span,
  zoom,
  remove,
}: {
  tag: Tag;
  series: Series | undefined;
  span: Span;
  zoom: (span: Span) => void;
  remove: () => void;
}) {
  const [box, { width, height }] = useSize<HTMLDivElement>();
  const dress = theme.value;
  const t = texts().trends;
  useEffect(() => {
    if (!box.current || width === 0 || !series) return;
    box.current.dataset.theme = dress;
    const options = stripOptions(tag, span.to_s - span.from_s, width, height, paint());
    const mark = (u: uPlot) => {
      if (u.select.width < SHORTEST_MARK_PX) return;
      zoom({
        from_s: u.posToVal(u.select.left, "x"),
        to_s: u.posToVal(u.select.left + u.select.width, "x"),
      });
    };
    const plot = new uPlot(
      {
        ...options,
        cursor: { drag: { x: true, y: false, setScale: false }, points: { show: false }, y: false },
        hooks: { ...options.hooks, setSelect: [mark] },
      },
      columnsOf(series),
      box.current,
    );
    plot.setScale("x", { min: span.from_s, max: span.to_s });
    return () => plot.destroy();
  }, [tag, series, width, height, dress, span.from_s, span.to_s]);
  const way = say(ropewayNamed(tag.ropeway)?.name);
  return (
    <section class="strip panel lane" aria-label={`${way} ${say(tag.name)}`} data-testid={`lane-${tag.id}`}>
      <h3>
        <span>
          <span class="muted">{way}</span> {say(tag.name) || tag.id}
        </span>
        <span class="muted">{series ? extremes(series, tag) : ""}</span>
        <button type="button" class="quiet" title={t.remove} aria-label={t.remove} onClick={remove}>
          ×
        </button>
      </h3>
      <div class="plot" ref={box} />
    </section>
  );
}
