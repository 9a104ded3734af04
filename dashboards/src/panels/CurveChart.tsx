// A curve that no longer changes, with its gaps shaded and its limits named: the frozen evidence.
import { say, texts } from "../i18n";
import { number } from "../numbers";
import { useSize } from "../size";
import { tagNamed } from "../site";
import { minute } from "../time";
import type { Curve, Limit } from "../wire";

const H = 110;
const LEFT = 34;
const FLOOR = H - 18;
const CEILING = 8;

type Frame = { x: (at: number) => number; y: (value: number) => number; width: number };

function frameOf(curve: Curve, limits: readonly Limit[], width: number): Frame {
  const values = [...curve.min, ...curve.max, ...limits.map((limit) => limit.value)];
  const known = values.filter((value): value is number => value !== null);
  const [low, high] = [Math.min(0, ...known), Math.max(1, ...known) * 1.05];
  return {
    width,
    x: (at) => LEFT + (at / Math.max(1, curve.t.length - 1)) * (width - LEFT - 4),
    y: (value) => FLOOR - ((value - low) / (high - low || 1)) * (FLOOR - CEILING),
  };
}

function linePath(values: readonly (number | null)[], { x, y }: Frame): string {
  let pen = "M";
  return values
    .map((value, at) => {
      const step = value === null ? "" : `${pen}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = value === null ? "M" : "L";
      return step;
    })
    .join("");
}

function Gaps({ curve, frame }: { curve: Curve; frame: Frame }) {
  const step = frame.x(1) - frame.x(0);
  return (
    <>
      {curve.mean.map((value, at) =>
        value === null ? (
          <rect
            key={curve.t[at]}
            class="gap"
            x={frame.x(at) - step / 2}
            y={CEILING}
            width={step}
            height={FLOOR - CEILING}
          />
        ) : null,
      )}
    </>
  );
}

function Limits({ limits, frame }: { limits: readonly Limit[]; frame: Frame }) {
  return (
    <>
      {limits.map((limit) => (
        <g key={limit.rule + limit.level}>
          <path
            class={`limit-line level${limit.priority}`}
            d={`M${LEFT} ${frame.y(limit.value)}H${frame.width - 4}`}
          />
          <text class="axis" x={LEFT - 4} y={frame.y(limit.value) + 4} text-anchor="end">
            {number(limit.value, 0)}
          </text>
        </g>
      ))}
    </>
  );
}

export function CurveChart({ curve }: { curve: Curve }) {
  const [box, { width }] = useSize<HTMLDivElement>();
  const limits = tagNamed(curve.tag)?.limits ?? [];
  const frame = frameOf(curve, limits, width);
  const first = curve.t[0];
  const last = curve.t[curve.t.length - 1];
  return (
    <figure class="curve">
      <figcaption>
        {say(curve.name)} <span class="unit">{curve.unit}</span>
      </figcaption>
      <div ref={box}>
        {width === 0 ? null : (
          <svg width={width} height={H} role="img" aria-label={say(curve.name)}>
            <Gaps curve={curve} frame={frame} />
            <path class="floor" d={`M${LEFT} ${FLOOR}H${width - 4}`} />
            <Limits limits={limits} frame={frame} />
            <path class="extreme" d={linePath(curve.max, frame)} />
            <path class="mean" d={linePath(curve.mean, frame)} />
            <text class="axis" x={LEFT} y={H - 3}>
              {first === undefined ? texts().charts.none : minute(first)}
            </text>
            <text class="axis" x={width - 4} y={H - 3} text-anchor="end">
              {last === undefined ? "" : minute(last)}
            </text>
          </svg>
        )}
      </div>
    </figure>
  );
}
