// The weekly loss of one test point as ECharts draws it: limits, missed weeks, fit and forecast band.
import { texts } from "../i18n";
import { number } from "../numbers";
import { monthDay } from "../time";
import type { Fit, Trend } from "../wire";
import type { Paint } from "./paint";

const WEEK_MS = 7 * 86_400_000;
/** How far ahead a forecast is drawn when the fit itself does not say. */
const AHEAD_WEEKS = 12;

type Point = { id: number; ended_ms: number; loss_pct: number; verdict: string };

/** The tests whose loss is known. */
const known = (trend: Trend): Point[] =>
  trend.tests.filter((test): test is Trend["tests"][number] & { loss_pct: number } => test.loss_pct !== null);

type Anchor = { at_ms: number; loss_pct: number };

/** A point that the fitted line passes through: the middle of the tests that it was fitted to. */
function anchor(trend: Trend, fit: Fit): Anchor {
  const used = known(trend).filter((test) => test.ended_ms >= fit.from_ms && test.ended_ms <= fit.to_ms);
  const all = used.length > 0 ? used : known(trend);
  const mean = (pick: (test: Point) => number) => all.reduce((sum, test) => sum + pick(test), 0) / all.length;
  return { at_ms: mean((test) => test.ended_ms), loss_pct: mean((test) => test.loss_pct) };
}

const along = (from: Anchor, slope: number, at_ms: number): number =>
  from.loss_pct + (slope * (at_ms - from.at_ms)) / WEEK_MS;

/** Where the middle of the forecast ends; 0 where there is none. */
function forecastEnd(trend: Trend): number {
  const last = known(trend).at(-1);
  if (!trend.fit || !last) return 0;
  const weeks = Math.max(AHEAD_WEEKS, (trend.fit.to_ms - last.ended_ms) / WEEK_MS);
  return last.loss_pct + weeks * trend.fit.slope_pct_per_week;
}

function fitSeries(trend: Trend, fit: Fit, colours: Paint) {
  const last = known(trend).at(-1);
  if (!last) return [];
  const middle = anchor(trend, fit);
  const end_ms = Math.max(fit.to_ms, last.ended_ms + AHEAD_WEEKS * WEEK_MS);
  const now: Anchor = {
    at_ms: last.ended_ms,
    loss_pct: along(middle, fit.slope_pct_per_week, last.ended_ms),
  };
  const corner = (slope: number) => [end_ms, along(now, slope, end_ms)];
  const band = [[now.at_ms, now.loss_pct], corner(fit.high), corner(fit.low)];
  const line = (type: string | number[], from_ms: number, to_ms: number) => ({
    type: "line",
    silent: true,
    showSymbol: false,
    lineStyle: { color: colours.needle, width: 1.6, type },
    data: [from_ms, to_ms].map((at) => [at, along(middle, fit.slope_pct_per_week, at)]),
  });
  return [
    {
      type: "custom",
      silent: true,
      data: [[now.at_ms, now.loss_pct]],
      renderItem: (_: unknown, api: { coord: (at: number[]) => number[] }) => ({
        type: "polygon",
        shape: { points: band.map((at) => api.coord(at as number[])) },
        style: { fill: colours.band },
      }),
    },
    line("solid", Math.max(fit.from_ms, known(trend)[0]?.ended_ms ?? 0), last.ended_ms),
    {
      ...line([3, 4], last.ended_ms, end_ms),
      endLabel: { show: true, formatter: texts().ropes.forecast, color: colours.muted },
    },
  ];
}

type LimitLine = { at: number | null; name: (pct: string) => string; colour: string; position: string };

function limitLines(trend: Trend, colours: Paint) {
  const t = texts().ropes;
  const lines: LimitLine[] = [
    { at: trend.limit_pct, name: t.discardLine, colour: colours.p1, position: "insideStartTop" },
    { at: trend.action_pct, name: t.actionLine, colour: colours.p2, position: "insideStartBottom" },
  ];
  return lines.flatMap(({ at, name, colour, position }) => {
    if (at === null) return [];
    const label = { position, formatter: name(number(at, 1)), color: colours.muted };
    return [{ yAxis: at, lineStyle: { color: colour, type: [6, 4], width: 1.2 }, label }];
  });
}

function testSeries(trend: Trend, colours: Paint) {
  const newest = known(trend).at(-1)?.id;
  return {
    type: "scatter",
    data: known(trend).map((test) => ({
      value: [test.ended_ms, test.loss_pct],
      symbol: test.verdict === "incomplete" ? "emptyDiamond" : "circle",
      symbolSize: 9,
      itemStyle: {
        color: test.id === newest ? colours.live : colours.panel,
        borderColor: colours.needle,
        borderWidth: 1.6,
        borderType: test.verdict === "incomplete" ? [2, 2] : "solid",
      },
    })),
    z: 5,
    markLine: { silent: true, symbol: "none", data: limitLines(trend, colours) },
  };
}

function missedSeries(trend: Trend, colours: Paint) {
  return {
    type: "scatter",
    silent: true,
    symbol: "path://M0 0L10 10M10 0L0 10",
    symbolSize: 11,
    data: trend.missed.map((at) => [at, 0]),
    itemStyle: { color: "transparent", borderColor: colours.ink, borderWidth: 2 },
    label: {
      show: true,
      position: "top",
      formatter: texts().ropes.missed,
      color: colours.muted,
      fontSize: 12,
    },
    z: 6,
  };
}

export function trendOption(trend: Trend, colours: Paint) {
  const axis = { axisLabel: { color: colours.muted, fontSize: 12 }, axisTick: { show: false } };
  const highest = Math.max(trend.limit_pct ?? 1, ...known(trend).map((test) => test.loss_pct));
  const top = Math.max(highest * 1.12, Math.min(forecastEnd(trend), highest * 1.4));
  return {
    grid: { left: 48, right: 54, top: 16, bottom: 26 },
    xAxis: {
      type: "time",
      min: ({ min }: { min: number }) => min - WEEK_MS / 2,
      ...axis,
      axisLabel: { ...axis.axisLabel, hideOverlap: true, formatter: (ms: number) => monthDay(ms) },
      axisLine: { lineStyle: { color: colours.line } },
    },
    yAxis: {
      type: "value",
      min: 0,
      max: Math.ceil(top),
      ...axis,
      axisLabel: { ...axis.axisLabel, formatter: "{value} %" },
      splitLine: { lineStyle: { color: colours.line, width: 0.7 } },
    },
    tooltip: {
      trigger: "item",
      formatter: ({ value }: { value: number[] }) =>
        `${monthDay(value[0] ?? 0)} · ${number(value[1] ?? 0, 2)} %`,
    },
    series: [
      ...(trend.fit ? fitSeries(trend, trend.fit, colours) : []),
      testSeries(trend, colours),
      missedSeries(trend, colours),
    ],
  };
}
