// The gap ledger: every missing interval, its cause, and whether it was recovered.
import { useMemo } from "preact/hooks";
import { say, texts } from "../i18n";
import { number } from "../numbers";
import { deviceNamed, tagNamed } from "../site";
import { age, span, when } from "../time";
import type { Gap } from "../wire";

function Row({ gap, now_ms }: { gap: Gap; now_ms: number }) {
  const t = texts().health;
  const device = say(deviceNamed(gap.device)?.name) || gap.device;
  const what = gap.tag ? say(tagNamed(gap.tag)?.name) || gap.tag : t.wholeDevice;
  return (
    <tr>
      <td class="wide">
        {device} <span class="muted">{what}</span>
      </td>
      <td class="nowrap" data-label={t.from}>
        {when(gap.from_ms, now_ms)}
      </td>
      <td class="nowrap" data-label={t.to}>
        {gap.to_ms === null ? <b>{t.ongoing}</b> : when(gap.to_ms, now_ms)}
      </td>
      <td class="nowrap number">{age((gap.to_ms ?? now_ms) - gap.from_ms)}</td>
      <td data-label={t.cause}>{t.causes[gap.cause] ?? gap.cause}</td>
      <td class="muted">{gap.recovered ? t.recovered : t.notRecovered}</td>
    </tr>
  );
}

/** As many newest rows as are drawn; the totals count all of them. */
const NEWEST = 50;

type Total = { device: string; cause: Gap["cause"]; count: number; missing_ms: number; recovered: number };

/** All gaps by device and cause, the longest first. */
function totals(gaps: readonly Gap[], now_ms: number): Total[] {
  const found = new Map<string, Total>();
  for (const gap of gaps) {
    const key = `${gap.device} ${gap.cause}`;
    const none = { device: gap.device, cause: gap.cause, count: 0, missing_ms: 0, recovered: 0 };
    const total = found.get(key) ?? none;
    total.count += 1;
    total.missing_ms += (gap.to_ms ?? now_ms) - gap.from_ms;
    total.recovered += gap.recovered ? 1 : 0;
    found.set(key, total);
  }
  return [...found.values()].sort((a, b) => b.missing_ms - a.missing_ms);
}

function TotalRow({ total }: { total: Total }) {
  const t = texts().health;
  return (
    <tr>
      <td class="wide">{say(deviceNamed(total.device)?.name) || total.device}</td>
      <td>{t.causes[total.cause] ?? total.cause}</td>
      <td class="nowrap number">{t.times(number(total.count, 0))}</td>
      <td class="nowrap number">{span(total.missing_ms)}</td>
      <td class="muted nowrap">
        {t.recovered} {number(total.recovered, 0)}
      </td>
    </tr>
  );
}

export function GapTable({ gaps, now_ms }: { gaps: Gap[] | null; now_ms: number }) {
  const t = texts().health;
  const rows = useMemo(() => totals(gaps ?? [], now_ms), [gaps]);
  const newest = gaps?.slice(0, NEWEST) ?? [];
  return (
    <section class="panel block" aria-labelledby="gaps-title">
      <h3 id="gaps-title">
        {t.gaps} <span class="muted">{gaps ? t.times(number(gaps.length, 0)) : ""}</span>
      </h3>
      {gaps?.length === 0 ? <p class="muted">{t.noGaps}</p> : null}
      <table class="stacking">
        <tbody>
          {rows.map((total) => (
            <TotalRow key={total.device + total.cause} total={total} />
          ))}
        </tbody>
      </table>
      {newest.length > 0 ? <h4>{t.newestGaps}</h4> : null}
      <table class="stacking">
        <tbody>
          {newest.map((gap) => (
            <Row key={gap.id} gap={gap} now_ms={now_ms} />
          ))}
        </tbody>
      </table>
    </section>
  );
}
