// The traces of the last weeks one below the other, so that a place that grows is seen at once.
import { texts } from "../i18n";
import { number } from "../numbers";
import { useSize } from "../size";
import { monthDay } from "../time";
import type { RopeTestWithTrace, Trace } from "../wire";

const LEFT = 56;
const FLOOR = 24;

type Scale = { x: (m: number) => number; up: (pct: number) => number };

function path({ position_m, lma_pct }: Trace, base: number, { x, up }: Scale): string {
  let pen = "M";
  return position_m
    .map((m, at) => {
      const loss = lma_pct[at];
      if (loss === null || loss === undefined) {
        pen = "M";
        return "";
      }
      const step = `${pen}${x(m).toFixed(1)} ${(base - up(loss)).toFixed(1)}`;
      pen = "L";
      return step;
    })
    .join("");
}

function Lines({ tests, width, height }: { tests: RopeTestWithTrace[]; width: number; height: number }) {
  const places = tests.flatMap((test) => [test.trace.position_m[0] ?? 0, test.trace.position_m.at(-1) ?? 0]);
  const [from, to] = [Math.min(...places), Math.max(...places)];
  const highest = Math.max(1, ...tests.flatMap((test) => test.trace.lma_pct.map((loss) => loss ?? 0)));
  const step = (height - FLOOR - 20) / Math.max(1, tests.length);
  const scale: Scale = {
    x: (m) => LEFT + ((m - from) / (to - from || 1)) * (width - LEFT - 14),
    up: (pct) => (pct / highest) * Math.min(step * 2.2, height / 4),
  };
  const ticks = [0, 1 / 3, 2 / 3, 1].map((part) => from + part * (to - from));
  return (
    <svg width={width} height={height} role="img" aria-label={texts().ropes.waterfall}>
      {tests.map((test, at) => {
        const base = 20 + (at + 1) * step;
        return (
          <g key={test.id} class={at === tests.length - 1 ? "newest" : ""}>
            <path d={path(test.trace, base, scale)} />
            <text x={LEFT - 6} y={base + 4} text-anchor="end">
              {monthDay(test.ended_ms)}
            </text>
          </g>
        );
      })}
      {ticks.map((m, at) => (
        <text
          key={m}
          x={scale.x(m)}
          y={height - 5}
          text-anchor={at === 0 ? "start" : at === 3 ? "end" : "middle"}
        >
          {number(m, 0)} m
        </text>
      ))}
    </svg>
  );
}

export function Waterfall({ tests }: { tests: RopeTestWithTrace[] }) {
  const [box, { width, height }] = useSize<HTMLDivElement>();
  const t = texts().ropes;
  return (
    <section class="panel block waterfall" aria-labelledby="waterfall-title">
      <h3 id="waterfall-title">
        {t.waterfall} <span class="muted">{t.waterfallHow}</span>
      </h3>
      <div class="plot" ref={box}>
        {width > 0 && tests.length > 0 ? <Lines tests={tests} width={width} height={height} /> : null}
      </div>
    </section>
  );
}
