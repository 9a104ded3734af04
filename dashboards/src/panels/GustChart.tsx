// The highest believable gust of each ropeway over three hours; what is missing is shaded, never bridged.
import { EChart } from "../charts/EChart";
import { DASHES, type Paint, priorityPaint } from "../charts/paint";
import { say, texts } from "../i18n";
import { number } from "../numbers";
import { language } from "../preferences";
import { type Merged, highestOf } from "../sparks";
import { site, tagAt } from "../site";
import { minute } from "../time";
import type { Limit, Ropeway, Series } from "../wire";

export const GUST_SPAN_S = 3 * 3600;
export const GUST_BUCKETS = 180;

export const gustTags = (way: Ropeway): string[] =>
  way.towers
    .filter((tower) => tower.gust !== null)
    .map((tower) => tagAt(tower.gust as number)?.id)
    .filter((id) => id !== undefined);

/** Limits nearer than this would carry their names over each other. */
const LABEL_MPS = 2.6;

type Line = { name: string; merged: Merged };

function lines(series: readonly Series[]): Line[] {
  return (site.value?.ropeways ?? []).map((way) => {
    const ids = new Set(gustTags(way));
    return {
      name: say(way.name),
      merged: highestOf(
        series.filter((one) => ids.has(one.tag)),
        "max",
      ),
    };
  });
}

/** Spans in which some line has no value, each as a pair of instants. */
function gaps(all: readonly Line[]): [number, number][] {
  const found: [number, number][] = [];
  const t = all[0]?.merged.t ?? [];
  const step = (t[1] ?? 0) - (t[0] ?? 0);
  t.forEach((from, at) => {
    if (all.every((line) => (line.merged.values[at] ?? null) !== null)) return;
    const last = found[found.length - 1];
    if (last && last[1] >= from) last[1] = from + step;
    else found.push([from, from + step]);
  });
  return found;
}

/** The limits of all gust tags, each value once. */
function limits(): Limit[] {
  const all = (site.value?.ropeways ?? []).flatMap((way) =>
    way.towers.flatMap((tower) => (tower.gust === null ? [] : (tagAt(tower.gust)?.limits ?? []))),
  );
  return [...new Map(all.map((limit) => [limit.value, limit])).values()];
}

function limitMarks(colours: Paint) {
  const all = limits();
  // Limits close together stand side by side, not over each other.
  const beside = (limit: Limit) =>
    all.filter((one) => one.value > limit.value && one.value - limit.value < LABEL_MPS).length;
  return all.map((limit) => ({
    yAxis: limit.value,
    lineStyle: { color: priorityPaint(colours, limit.priority), type: [6, 4], width: 1.2 },
    label: {
      position: "insideStartTop",
      offset: [beside(limit) * 88, 0],
      color: colours.muted,
      backgroundColor: colours.panel,
      padding: [1, 4],
      formatter: `${texts().charts.limit[limit.level]} ${number(limit.value, 0)} m/s`,
    },
  }));
}

/** Limits and gaps, drawn once behind all lines. */
const behindAll = (all: readonly Line[], colours: Paint) => ({
  markLine: { silent: true, symbol: "none", data: limitMarks(colours) },
  markArea: {
    silent: true,
    itemStyle: { color: colours.band, opacity: 0.45 },
    data: gaps(all).map(([from, to]) => [{ xAxis: from }, { xAxis: to }]),
  },
});

function lineSeries(line: Line, at: number, colours: Paint) {
  return {
    type: "line",
    name: line.name,
    data: line.merged.t.map((t, k) => [t, line.merged.values[k]]),
    showSymbol: false,
    connectNulls: false,
    lineStyle: { color: colours.needle, width: 1.6, type: DASHES[at % DASHES.length] },
    itemStyle: { color: colours.needle },
    endLabel: { show: true, formatter: line.name, color: colours.ink, fontSize: 13, lineHeight: 17 },
    labelLayout: { moveOverlap: "shiftY" },
  };
}

function option(all: readonly Line[], colours: Paint) {
  const axis = { axisLabel: { color: colours.muted, fontSize: 12 }, axisTick: { show: false } };
  const top = Math.max(25, ...all.flatMap((line) => line.merged.values.map((value) => value ?? 0)));
  const longest = Math.max(...all.map((line) => line.name.length));
  return {
    grid: { left: 34, right: 14 + longest * (language.value === "zh" ? 14 : 7.5), top: 12, bottom: 24 },
    xAxis: {
      type: "time",
      ...axis,
      splitNumber: 4,
      axisLine: { lineStyle: { color: colours.line } },
      axisLabel: { ...axis.axisLabel, hideOverlap: true, formatter: (ms: number) => minute(ms) },
    },
    yAxis: {
      type: "value",
      min: 0,
      max: Math.ceil(top / 5) * 5,
      interval: 5,
      ...axis,
      splitLine: { lineStyle: { color: colours.line, width: 0.7 } },
    },
    series: all.map((line, at) => ({
      ...lineSeries(line, at, colours),
      ...(at === 0 ? behindAll(all, colours) : {}),
    })),
  };
}

export function GustChart({ series }: { series: Series[] | null }) {
  const t = texts();
  const all = series ? lines(series) : [];
  return (
    <section class="panel gust" aria-labelledby="gust-title">
      <h3 id="gust-title">
        {t.overview.gust} <span class="muted">{t.overview.gustHow}</span>
      </h3>
      {series === null ? (
        <p class="muted">{t.charts.loading}</p>
      ) : (
        <EChart
          option={(colours) => option(all, colours)}
          label={t.overview.gust}
          redraw={[series, language.value]}
        />
      )}
    </section>
  );
}
