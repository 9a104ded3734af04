// The gap ledger: every missing interval, its cause, and whether it was recovered.
import { say, texts } from "../i18n";
import { deviceNamed, tagNamed } from "../site";
import { span, when } from "../time";
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
      <td class="nowrap number">{span((gap.to_ms ?? now_ms) - gap.from_ms)}</td>
      <td data-label={t.cause}>{t.causes[gap.cause] ?? gap.cause}</td>
      <td class="muted">{gap.recovered ? t.recovered : t.notRecovered}</td>
    </tr>
  );
}

export function GapTable({ gaps, now_ms }: { gaps: Gap[] | null; now_ms: number }) {
  const t = texts().health;
  return (
    <section class="panel block" aria-labelledby="gaps-title">
      <h3 id="gaps-title">
        {t.gaps} <span class="muted">{gaps?.length ?? ""}</span>
      </h3>
      {gaps?.length === 0 ? <p class="muted">{t.noGaps}</p> : null}
      <table class="stacking">
        <tbody>
          {gaps?.map((gap) => (
            <Row key={gap.id} gap={gap} now_ms={now_ms} />
          ))}
        </tbody>
      </table>
    </section>
  );
}
