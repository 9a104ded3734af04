// The nearest lightning against the ring that each ropeway needs to clear in time.
import { say, texts } from "../i18n";
import { urgency } from "../judge";
import { readingAt } from "../live/board";
import { lightningTags, MARGIN_KM, type Ring, rings } from "../lightning";
import { maybe, number } from "../numbers";
import { believable, look } from "../quality";
import { useSize } from "../size";
import { site } from "../site";
import type { Tag } from "../wire";
import { Shown } from "./Shown";

const OUTERMOST_KM = 30;

const largest = (of: (number | null)[]): number | null => {
  const known = of.filter((one) => one !== null);
  return known.length > 0 ? Math.max(...known) : null;
};

type CircleProps = {
  km: number | null;
  scale: number;
  middle: number;
  name: (km: string) => string;
  kind: string;
};

function Circle({ km, scale, middle, name, kind }: CircleProps) {
  if (km === null) return null;
  const r = km * scale;
  return (
    <>
      <circle class={kind} cx={middle} cy={middle} r={r} />
      <text x={middle} y={middle - r - 4}>
        {name(number(km, 0))}
      </text>
    </>
  );
}

/** A detector without bearing says only how far: the storm is drawn as a circle, not at a place. */
function Nearest({
  tag,
  bearing,
  scale,
  middle,
}: {
  tag: Tag;
  bearing: Tag | undefined;
  scale: number;
  middle: number;
}) {
  const reading = readingAt(tag.slot).value;
  const direction = bearing ? readingAt(bearing.slot).value : null;
  // A warner that hears nothing reads its full range.
  if (!believable(reading) || (tag.max !== null && (reading.value ?? 0) >= tag.max)) return null;
  const level = urgency(tag, reading);
  const kind = `strike ${level ? `level${level}` : ""} ${look(reading.quality, reading.old) === "uncertain" ? "doubtful" : ""}`;
  const r = Math.min((reading.value ?? 0) * scale, middle - 6);
  if (!direction || !believable(direction)) return <circle class={kind} cx={middle} cy={middle} r={r} />;
  const from_north = ((direction.value ?? 0) * Math.PI) / 180;
  const [x, y] = [middle + r * Math.sin(from_north), middle - r * Math.cos(from_north)];
  return (
    <>
      <circle class={`${kind} thin`} cx={middle} cy={middle} r={r} />
      <path class={kind} d={`M${x - 8} ${y}h16M${x} ${y - 8}v16`} />
    </>
  );
}

function Picture({ all }: { all: Ring[] }) {
  const [ref, { width, height }] = useSize<HTMLDivElement>();
  const side = Math.min(width, height);
  const middle = side / 2;
  const now = largest(all.map((ring) => ring.now_km));
  const emergency = largest(all.map((ring) => ring.emergency_km));
  const reach = Math.max(OUTERMOST_KM, now ?? 0, emergency ?? 0) * 1.05;
  const scale = Math.max(0, middle - 16) / reach;
  const t = texts().overview;
  const { distance, bearing } = lightningTags();
  return (
    <div class="storm" ref={ref}>
      {side < 40 ? null : (
        <svg width={side} height={side} role="img" aria-label={t.lightning}>
          <Circle km={emergency} scale={scale} middle={middle} name={t.ringEmergency} kind="ring far" />
          <Circle km={now} scale={scale} middle={middle} name={t.ringNow} kind="ring" />
          <path
            class="lines"
            d={`M${middle - 8} ${middle + 8}l12 -18M${middle - 16} ${middle + 4}l8 -12M${middle + 4} ${middle + 8}l10 -12`}
          />
          {distance ? <Nearest tag={distance} bearing={bearing} scale={scale} middle={middle} /> : null}
        </svg>
      )}
    </div>
  );
}

function RingRow({ ring, near_km }: { ring: Ring; near_km: number | null }) {
  const t = texts();
  const within = (ring_km: number | null) => near_km !== null && ring_km !== null && near_km <= ring_km;
  // A line that stands still can be cleared by its emergency drive only.
  const inside = within(ring.now_km ?? ring.emergency_km);
  return (
    <tr class={inside ? "lacking" : ""}>
      <td>
        {say(ring.way.name)}
        {inside ? t.aside(t.overview.inside) : ""}
      </td>
      <td>
        <span class="value">{maybe(ring.now_km, 0)}</span>
        <span class="unit">km</span>
      </td>
      <td>
        <span class="value">{maybe(ring.emergency_km, 0)}</span>
        <span class="unit">km</span>
      </td>
    </tr>
  );
}

function Facts({ distance, others }: { distance: Tag; others: Tag[] }) {
  return (
    <dl>
      {[distance, ...others].map((tag) => (
        <div key={tag.id}>
          <dt class="muted">{say(tag.name)}</dt>
          <dd>
            <Shown slot={tag.slot} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Rings({ all, distance }: { all: Ring[]; distance: Tag }) {
  const reading = readingAt(distance.slot).value;
  const near_km = believable(reading) ? reading.value : null;
  const t = texts().overview;
  return (
    <div class="facts">
      <Facts distance={distance} others={lightningTags().others} />
      {near_km === null ? <p class="lacking">{t.lightningLost}</p> : null}
      <table class="rings">
        <thead>
          <tr>
            <th />
            <th>{t.ringOf}</th>
            <th>{t.ringEmergencyOf}</th>
          </tr>
        </thead>
        <tbody>
          {all.map((ring) => (
            <RingRow key={ring.way.id} ring={ring} near_km={near_km} />
          ))}
        </tbody>
      </table>
      <p class="muted small">
        {`${t.stormSpeed} ${number(site.value?.storm_speed_kmh ?? 0, 0)} km/h · ${t.margin} ${MARGIN_KM} km`}
      </p>
    </div>
  );
}

export function LightningPanel() {
  const t = texts().overview;
  const { distance } = lightningTags();
  const all = rings();
  return (
    <section class="panel lightning" aria-labelledby="lightning-title">
      <h3 id="lightning-title">
        {t.lightning} <span class="muted">{t.lightningHow}</span>
      </h3>
      <div class="both">
        <Picture all={all} />
        {distance ? <Rings all={all} distance={distance} /> : <p class="muted">{t.noLightning}</p>}
      </div>
    </section>
  );
}
