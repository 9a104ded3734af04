// One figure with its last hour, its normal band and its limits in one small picture.
import { say, texts } from "../i18n";
import { siteSecond } from "../live/feed";
import { begun, type Highest, highest, stretch, urgency } from "../judge";
import { doubt, look, lookClass, shown } from "../quality";
import { tagAt, towerOf } from "../site";
import type { Indicator, Ropeway, Tag } from "../wire";

const W = 200;
const H = 34;

/** The spark line as a path, broken where nothing was good. */
function sparkPath(values: readonly (number | null)[]): string {
  const known = values.filter((value): value is number => value !== null);
  if (known.length < 2) return "";
  const [low, high] = [Math.min(...known), Math.max(...known)];
  let pen = "M";
  return values
    .map((value, at) => {
      if (value === null) {
        pen = "M";
        return "";
      }
      const x = (at / (values.length - 1)) * W;
      const y = 15 - ((value - low) / (high - low || 1)) * 13;
      const step = `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
      pen = "L";
      return step;
    })
    .join("");
}

function Picture({
  tag,
  value,
  spark,
  level,
}: {
  tag: Tag;
  value: number | null;
  spark: (number | null)[];
  level: number | null;
}) {
  const [low, high] = stretch(tag);
  const x = (at: number) => Math.max(0, Math.min(W, ((at - low) / (high - low || 1)) * W));
  const needle = value === null ? 0 : Math.max(4, Math.min(W - 4, x(value)));
  const band = tag.normal;
  return (
    <svg viewBox={`0 0 ${W} ${H}`} preserveAspectRatio="none" aria-hidden="true">
      <path class="spark" d={sparkPath(spark)} />
      <rect class="scale" x={0} y={20} width={W} height={9} />
      {band ? <rect class="band" x={x(band[0])} y={20} width={x(band[1]) - x(band[0])} height={9} /> : null}
      {tag.limits.map((limit) => (
        <path key={limit.rule + limit.level} class="limit" d={`M${x(limit.value)} 17v15`} />
      ))}
      {value === null ? null : (
        <path
          class={`needle ${level ? `level${level}` : ""}`}
          d={`M${needle - 4} 34L${needle + 4} 34L${needle} 22Z`}
        />
      )}
    </svg>
  );
}

/** Which tower, and how many of several can be believed. */
function note(way: Ropeway, indicator: Indicator, top: Highest): string {
  const t = texts().overview;
  if (indicator.slots.length < 2 || top.valid === 0) return "";
  const tower = towerOf(way, top.slot);
  const where = tower ? t.towerNumber(tower.number) : "";
  const lacking = top.valid < indicator.slots.length ? t.highest(top.valid, indicator.slots.length) : "";
  return [where, lacking].filter(Boolean).join(" ");
}

export function IndicatorTile({
  way,
  indicator,
  spark,
}: {
  way: Ropeway;
  indicator: Indicator;
  spark: (number | null)[];
}) {
  const top = highest(indicator.slots);
  const { reading } = top;
  const tag = tagAt(top.slot);
  const is = look(reading.quality, reading.old);
  const because = is === "good" ? "" : doubt(reading, siteSecond.value * 1000, begun(tag, reading));
  const gone = is === "bad" || is === "old";
  return (
    <div class={`ind ${lookClass[is]}`} data-tag={tag?.id} data-quality={is}>
      <div class="line">
        <span class="name">
          {say(indicator.name)}
          <small class="muted">{[note(way, indicator, top), because].filter(Boolean).join(" ")}</small>
        </span>
        <span class="figure">
          <span class="value">{shown(reading, tag)}</span>
          <span class="unit">{tag?.unit}</span>
        </span>
      </div>
      {tag ? (
        <Picture tag={tag} value={gone ? null : reading.value} spark={spark} level={urgency(tag, reading)} />
      ) : null}
    </div>
  );
}
