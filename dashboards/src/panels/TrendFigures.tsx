// What the trend page draws, as figures: why something is missing, a table, and a file to take along.
import { say, texts } from "../i18n";
import { maybe, number } from "../numbers";
import { deviceNamed, tagNamed } from "../site";
import { dayMinute, span, when } from "../time";
import type { Gap, History, Series } from "../wire";

const MOST_ROWS = 400;
const MOST_GAPS = 12;

/** Every reason for an empty stretch, newest first: the ledger's, and what a damaged file does not give back. */
export function TrendGaps({ history, now_ms }: { history: History; now_ms: number }) {
  const t = texts();
  const damaged = history.series.flatMap((one) => one.damaged.map((part) => ({ ...part, tag: one.tag })));
  if (history.gaps.length === 0 && damaged.length === 0) return <p class="muted">{t.trends.noGaps}</p>;
  const words = (gap: Gap) => t.health.causes[gap.cause] ?? gap.cause;
  return (
    <ul class="reasons" data-testid="trend-gaps">
      {history.gaps.slice(0, MOST_GAPS).map((gap) => (
        <li key={gap.id}>
          <b>{words(gap)}</b> {say(deviceNamed(gap.device)?.name) || gap.device}{" "}
          <span class="muted">
            {when(gap.from_ms, now_ms)} – {gap.to_ms === null ? t.health.ongoing : when(gap.to_ms, now_ms)} (
            {span((gap.to_ms ?? now_ms) - gap.from_ms)})
          </span>
        </li>
      ))}
      {history.gaps.length > MOST_GAPS ? (
        <li class="muted">{t.trends.moreGaps(number(history.gaps.length - MOST_GAPS, 0))}</li>
      ) : null}
      {damaged.map((part) => (
        <li key={`${part.tag} ${part.from_ms}`}>
          <b>{t.trends.damaged}</b> {say(tagNamed(part.tag)?.name) || part.tag}{" "}
          <span class="muted">
            {when(part.from_ms, now_ms)} – {when(part.to_ms, now_ms)}
          </span>
        </li>
      ))}
    </ul>
  );
}

export function TrendTable({ series }: { series: Series }) {
  const t = texts().trends;
  const tag = tagNamed(series.tag);
  const decimals = tag?.decimals ?? 1;
  const rows = series.t.slice(-MOST_ROWS);
  const skipped = series.t.length - rows.length;
  return (
    <section class="panel block">
      <h3>
        {say(tag?.name) || series.tag} <span class="muted">{tag?.unit}</span>
      </h3>
      <table>
        <thead>
          <tr>
            <th>{t.begin}</th>
            <th class="number">{t.min}</th>
            <th class="number">{t.mean}</th>
            <th class="number">{t.max}</th>
            <th class="number">{t.good}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((ms, row) => {
            const at = row + skipped;
            return (
              <tr key={ms}>
                <td class="nowrap">{dayMinute(ms)}</td>
                <td class="number">{maybe(series.min[at], decimals)}</td>
                <td class="number">{maybe(series.mean[at], decimals)}</td>
                <td class="number">{maybe(series.max[at], decimals)}</td>
                <td class="number">
                  {series.count[at] ? `${number((series.good[at] ?? 0) * 100, 0)} %` : "—"}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

/** What is shown as CSV text: one line a bucket and tag, instants in UTC. */
export function csvOf(history: History): string {
  const lines = history.series.flatMap((one) =>
    one.t.map((ms, at) =>
      [
        new Date(ms).toISOString(),
        one.tag,
        one.min[at] ?? "",
        one.mean[at] ?? "",
        one.max[at] ?? "",
        one.good[at] ?? 0,
        one.count[at] ?? 0,
      ].join(","),
    ),
  );
  return ["begin,tag,min,mean,max,good_share,samples", ...lines].join("\r\n");
}
