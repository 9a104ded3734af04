// How a live strip is drawn: mean in its min-max band, gaps hatched, limits drawn and named.
import type uPlot from "uplot";
import { texts } from "../i18n";
import { stretch } from "../judge";
import { number } from "../numbers";
import { stretchesOf } from "../quality";
import { clock, day, minute, monthDay } from "../time";
import type { Tag } from "../wire";
import { hatch } from "./hatch";
import { type Paint, priorityPaint } from "./paint";

/** Seconds, least, mean, most, and how many samples; null where nothing was good. */
export type Columns = [number[], (number | null)[], (number | null)[], (number | null)[], (number | null)[]];

const SHORT_SPAN_S = 900;
const DAY_S = 86_400;

/** How an instant is named on the time axis of a span. */
function labelOf(span_s: number): (ms: number) => string {
  if (span_s <= SHORT_SPAN_S) return clock;
  if (span_s <= 1.5 * DAY_S) return minute;
  return span_s <= 10 * DAY_S ? (ms) => `${monthDay(ms)} ${minute(ms)}` : day;
}

function hatchGaps(u: uPlot, colours: Paint): void {
  const [x, , mean, , count] = u.data as unknown as Columns;
  const step_s = x.length > 1 ? (x[x.length - 1] as number) - (x[x.length - 2] as number) : 0;
  hatch(u, stretchesOf(x, mean, count, step_s), colours);
}

function drawLimits(u: uPlot, tag: Tag, colours: Paint): void {
  const dpr = devicePixelRatio;
  const [low, high] = [u.scales.y?.min ?? 0, u.scales.y?.max ?? 0];
  u.ctx.save();
  const named: number[] = [];
  u.ctx.textAlign = "left";
  u.ctx.textBaseline = "alphabetic";
  u.ctx.font = `${11 * dpr}px ${colours.font}`;
  for (const limit of tag.limits) {
    if (limit.value < low || limit.value > high) continue;
    const y = u.valToPos(limit.value, "y", true);
    u.ctx.strokeStyle = priorityPaint(colours, limit.priority);
    u.ctx.setLineDash([6 * dpr, 4 * dpr]);
    u.ctx.beginPath();
    u.ctx.moveTo(u.bbox.left, y);
    u.ctx.lineTo(u.bbox.left + u.bbox.width, y);
    u.ctx.stroke();
    u.ctx.fillStyle = colours.muted;
    const name = `${texts().charts.limit[limit.level]} ${number(limit.value, tag.decimals)}`;
    // Limits close together stand side by side, not over each other.
    const beside = named.filter((at) => Math.abs(at - y) < 14 * dpr).length;
    named.push(y);
    u.ctx.fillText(name, u.bbox.left + (4 + beside * 78) * dpr, y - 4 * dpr);
  }
  u.ctx.restore();
}

function valueRange(tag: Tag): uPlot.Scale.Range {
  const [low, high] = stretch(tag);
  return (_, least, most) => [Math.min(low, least ?? low), Math.max(high, most ?? high)];
}

export function stripOptions(
  tag: Tag,
  span_s: number,
  width: number,
  height: number,
  colours: Paint,
): uPlot.Options {
  const font = `12px ${colours.font}`;
  const axis = { stroke: colours.muted, font, ticks: { show: false } };
  const label = labelOf(span_s);
  const hidden = { points: { show: false }, spanGaps: false };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 8, 0, 0],
    scales: { x: { time: true, auto: false }, y: { range: valueRange(tag) } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 90,
        size: 26,
        values: (_, at) => at.map((s) => label(s * 1000)),
      },
      {
        ...axis,
        size: 52,
        grid: { stroke: colours.line, width: 0.7 },
        values: (_, at) => at.map((v) => number(v, Number.isInteger(v) ? 0 : 1)),
      },
    ],
    series: [
      {},
      { ...hidden, stroke: "transparent" },
      { ...hidden, stroke: colours.live, width: 1.6 },
      { ...hidden, stroke: "transparent" },
      { show: false },
    ],
    bands: [{ series: [3, 1], fill: `${colours.band}80` }],
    hooks: {
      drawAxes: [(u) => hatchGaps(u, colours)],
      draw: [(u) => drawLimits(u, tag, colours)],
    },
  };
}
