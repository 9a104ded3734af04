// One trend strip: the past from the history, then on with the live feed.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { api } from "../api";
import { paint } from "../charts/paint";
import { type Columns, stripOptions } from "../charts/strip";
import { say, texts } from "../i18n";
import { highest } from "../judge";
import { heardMs } from "../live/board";
import { siteNow } from "../live/feed";
import { theme } from "../preferences";
import { usePolled } from "../polled";
import { believable } from "../quality";
import { useSize } from "../size";
import { highestOf } from "../sparks";
import { site, tagAt } from "../site";
import type { History, Indicator } from "../wire";
import { Shown } from "./Shown";

const BUCKETS = 300;
const REDRAW_MS = 500;
const ASK_AGAIN_S = 30;
/** Site seconds without a live point after which the line is broken. */
const BREAK_S = 4;

type Point = { at_s: number; value: number | null };

function pastColumns(history: History): Columns {
  const [only] = history.series;
  const seconds = (t: number[]) => t.map((ms) => ms / 1000);
  if (only && history.series.length === 1)
    return [seconds(only.t), [...only.min], [...only.mean], [...only.max], [...only.count]];
  const { t, values } = highestOf(history.series, "max");
  const count = t.map((_, at) => history.series.reduce((sum, one) => sum + (one.count[at] ?? 0), 0));
  return [seconds(t), values.map(() => null), values, values.map(() => null), count];
}

/** The past and after it the live points; where the two meet nothing is drawn twice. */
function joined(history: History | null, live: readonly Point[], speed: number): Columns {
  const all: Columns = history ? pastColumns(history) : [[], [], [], [], []];
  let last = all[0][all[0].length - 1] ?? 0;
  for (const { at_s, value } of live) {
    if (at_s <= last) continue;
    if (all[0].length > 0 && at_s - last > Math.max(BREAK_S * speed, (history?.bucket_ms ?? 0) / 500)) {
      all[0].push(last + 0.001);
      for (const column of [all[1], all[2], all[3], all[4]]) column.push(null);
    }
    all[0].push(at_s);
    all[1].push(value);
    all[2].push(value);
    all[3].push(value);
    all[4].push(1);
    last = at_s;
  }
  return all;
}

/** Live points of the slots, gathered while the strip is shown. */
function useLivePoints(slots: readonly number[], span_s: number) {
  const points = useRef<Point[]>([]);
  useEffect(() => {
    const timer = setInterval(() => {
      const { slot, reading } = highest(slots);
      const at_s = heardMs(slot) / 1000;
      const before = points.current[points.current.length - 1];
      if (at_s === 0 || at_s === before?.at_s) return;
      points.current.push({ at_s, value: believable(reading) ? reading.value : null });
      while (points.current[0] && points.current[0].at_s < at_s - span_s) points.current.shift();
    }, REDRAW_MS / 2);
    return () => clearInterval(timer);
  }, [slots, span_s]);
  return points;
}

export function Strip({ indicator, span_s }: { indicator: Indicator; span_s: number }) {
  const [box, { width, height }] = useSize<HTMLDivElement>();
  const tag = tagAt(indicator.slots[0] ?? -1);
  const ids = indicator.slots.map((slot) => tagAt(slot)?.id).filter((id) => id !== undefined);
  const past = usePolled(() => api.history(ids, siteNow() - span_s * 1000, siteNow(), BUCKETS), ASK_AGAIN_S, [
    ids,
    span_s,
  ]);
  const live = useLivePoints(indicator.slots, span_s);
  const history = useRef<History | null>(null);
  history.current = past.answer;
  const dress = theme.value;
  useEffect(() => {
    if (!box.current || !tag || width === 0) return;
    box.current.dataset.theme = dress;
    const plot = new uPlot(stripOptions(tag, span_s, width, height, paint()), [[], [], [], [], []], box.current);
    const draw = () => {
      const now_s = siteNow() / 1000;
      plot.setData(joined(history.current, live.current, site.peek()?.speed ?? 1), false);
      plot.setScale("x", { min: now_s - span_s, max: now_s });
    };
    draw();
    const timer = setInterval(draw, REDRAW_MS);
    return () => {
      clearInterval(timer);
      plot.destroy();
    };
  }, [tag, span_s, width, height, dress]);
  return (
    <section class="strip panel" aria-label={`${texts().ropeway.strips} ${say(indicator.name)}`}>
      <h3>
        {say(indicator.name)}
        <span class="now">
          <Shown slot={highest(indicator.slots).slot} why />
        </span>
      </h3>
      <div class="plot" ref={box} />
    </section>
  );
}
