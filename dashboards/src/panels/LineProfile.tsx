// The line as it lies on the mountain: stations, towers, and the wind on each tower that measures it.
import { memo } from "./memo";
import { say, texts } from "../i18n";
import { readingAt } from "../live/board";
import { stretch, urgency } from "../judge";
import { look, reason, shown } from "../quality";
import { useSize } from "../size";
import { tagAt } from "../site";
import type { Ropeway, Tower } from "../wire";

type Point = { x: number; y: number };
type Scale = { at: (position_m: number, altitude_m: number) => Point; floor: number };

const SIDE = 24;
const GAUGE_H = 46;
const ABOVE = GAUGE_H + 36;
const BELOW = 30;

function scaleOf(way: Ropeway, width: number, height: number): Scale {
  const all = [...way.stations, ...way.towers];
  const positions = all.map((one) => one.position_m);
  const altitudes = all.map((one) => one.altitude_m);
  const [x0, x1] = [Math.min(0, ...positions), Math.max(way.length_m, ...positions)];
  const [y0, y1] = [Math.min(...altitudes), Math.max(...altitudes)];
  const floor = height - BELOW;
  return {
    floor,
    at: (position_m, altitude_m) => ({
      x: SIDE + ((position_m - x0) / (x1 - x0 || 1)) * (width - 2 * SIDE),
      y: floor - 12 - ((altitude_m - y0) / (y1 - y0 || 1)) * Math.max(10, floor - 12 - ABOVE),
    }),
  };
}

function Gauge({ slot, x, y, number }: Point & { slot: number; number: number }) {
  const tag = tagAt(slot);
  const reading = readingAt(slot).value;
  const is = look(reading.quality, reading.old);
  const level = urgency(tag, reading);
  const top = y - 12;
  const [low, high] = tag ? stretch(tag) : [0, 25];
  const share = (value: number) => Math.max(0, Math.min(1, (value - low) / (high - low || 1)));
  const gone = is === "bad" || is === "old";
  const filled = gone ? 0 : share(reading.value ?? 0) * GAUGE_H;
  return (
    <g class={`gauge ${is} ${level ? `level${level}` : ""}`} data-tag={tag?.id} data-quality={is}>
      <title>{`${say(tag?.name)} ${shown(reading, tag)} ${tag?.unit ?? ""} ${reason(reading.quality, reading.old)}`}</title>
      <rect class="tube" x={x - 6} y={top - GAUGE_H} width={12} height={GAUGE_H} />
      {gone ? <path class="crossed" d={`M${x - 9} ${top}L${x + 9} ${top - GAUGE_H}`} /> : null}
      <rect class="filled" x={x - 6} y={top - filled} width={12} height={filled} />
      {tag?.limits.map((limit) => (
        <path
          key={limit.rule + limit.level}
          class="limit"
          d={`M${x - 9} ${top - share(limit.value) * GAUGE_H}h18`}
        />
      ))}
      <text class="figure" x={x} y={top - GAUGE_H - 5}>
        {gone ? reason(reading.quality, reading.old) : shown(reading, tag)}
      </text>
      <text class="number" x={x} y={y + 33}>
        {texts().overview.towerNumber(number)}
      </text>
    </g>
  );
}

/** Evenly spaced carriers of an endless line; where each one hangs now is not measured. */
function Carriers({ way, points }: { way: Ropeway; points: Point[] }) {
  if (!way.kind.startsWith("monocable")) return null;
  const count = 22;
  const marks: Point[] = [];
  for (let k = 0; k < count; k++) {
    const [begin, end] = [points[0] as Point, points[points.length - 1] as Point];
    const x = begin.x + ((k + 0.5) / count) * (end.x - begin.x);
    const next = points.findIndex((point) => point.x >= x);
    const [from, to] = [points[next - 1] as Point, points[next] as Point];
    marks.push({ x, y: from.y + ((to.y - from.y) * (x - from.x)) / (to.x - from.x || 1) });
  }
  return (
    <g class="carriers">
      {marks.map(({ x, y }) => (
        <rect key={x} x={x - 2.5} y={y + 1} width={5} height={5} rx={1} />
      ))}
    </g>
  );
}

function Line({ way, width, height }: { way: Ropeway; width: number; height: number }) {
  const { at, floor } = scaleOf(way, width, height);
  const stops = [...way.stations, ...way.towers].sort((a, b) => a.position_m - b.position_m);
  const points = stops.map((one) => at(one.position_m, one.altitude_m));
  const first = points[0] as Point;
  const last = points[points.length - 1] as Point;
  const ground = points.map(({ x, y }) => `${x},${y + 18}`).join(" ");
  return (
    <svg width={width} height={height} role="img" aria-label={`${say(way.name)} ${texts().overview.profile}`}>
      <polygon class="ground" points={`${first.x},${floor + 10} ${ground} ${last.x},${floor + 10}`} />
      <polyline class="rope" points={points.map(({ x, y }) => `${x},${y - 2}`).join(" ")} />
      <Carriers way={way} points={points} />
      {way.towers.map((tower) => {
        const { x, y } = at(tower.position_m, tower.altitude_m);
        return <path key={tower.number} class="tower" d={`M${x} ${y - 4}v22`} />;
      })}
      {way.stations.map((station) => {
        const { x, y } = at(station.position_m, station.altitude_m);
        return (
          <rect key={station.id} class="station" x={x - 12} y={y - 10} width={24} height={22}>
            <title>{say(station.name)}</title>
          </rect>
        );
      })}
      {way.towers
        .filter((tower): tower is Tower & { gust: number } => tower.gust !== null)
        .map((tower) => (
          <Gauge
            key={tower.number}
            slot={tower.gust}
            number={tower.number}
            {...at(tower.position_m, tower.altitude_m)}
          />
        ))}
    </svg>
  );
}

export const LineProfile = memo(function LineProfile({ way }: { way: Ropeway }) {
  const [ref, { width, height }] = useSize<HTMLDivElement>();
  return (
    <div class="profile" ref={ref}>
      {width > 0 && height > 0 ? <Line way={way} width={width} height={height} /> : null}
    </div>
  );
});
