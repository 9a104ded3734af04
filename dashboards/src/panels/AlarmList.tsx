// The open alarms on the overview, as many as fit, the most urgent first.
import { useLayoutEffect, useState } from "preact/hooks";
import { say, texts } from "../i18n";
import { openAlarms } from "../live/board";
import { siteSecond } from "../live/feed";
import { byNeed, firsts, isActive } from "../judge";
import { maybe } from "../numbers";
import { language } from "../preferences";
import { DASH } from "../quality";
import { link } from "../router";
import { useSize } from "../size";
import { when } from "../time";
import type { Alarm } from "../wire";
import { noAlarm } from "./AlarmStop";
import { Mark } from "./Mark";

const ROW_H = 35;

export function alarmState(alarm: Alarm): string {
  const t = texts().alarms;
  if (alarm.state === "acknowledged" && alarm.acknowledged_by) return t.by(alarm.acknowledged_by);
  return t.states[alarm.state];
}

function Row({ alarm, now_ms }: { alarm: Alarm; now_ms: number }) {
  const fresh = alarm.state === "unacknowledged";
  return (
    <tr>
      <td class="mark-cell">
        <Mark priority={alarm.priority} blink={fresh} past={!isActive(alarm)} />
      </td>
      <td class="muted nowrap">{when(alarm.raised_ms, now_ms)}</td>
      <td class="wide">{say(alarm.name)}</td>
      <td class="nowrap">
        <span class="value">{alarm.value === null ? DASH : `${maybe(alarm.value)} ${alarm.unit}`}</span>
      </td>
      <td class={fresh ? "fresh" : "muted"}>{alarmState(alarm)}</td>
    </tr>
  );
}

/** As many rows as fit unbroken: begin with what one line each would allow, drop what runs over. */
function useFitting(count: number) {
  const [ref, { width, height }] = useSize<HTMLDivElement>();
  const room = Math.max(1, Math.floor((height || 240) / ROW_H));
  const [fits, setFits] = useState(room);
  useLayoutEffect(() => setFits(Math.min(count, room)), [count, room, width, language.value]);
  useLayoutEffect(() => {
    const box = ref.current;
    const table = box?.firstElementChild;
    if (box && table && fits > 1 && table.clientHeight > box.clientHeight + 1) setFits(fits - 1);
  });
  return { ref, fits };
}

export function AlarmList() {
  const t = texts().overview;
  const open = byNeed(firsts(openAlarms.value));
  const { ref, fits } = useFitting(open.length);
  const now_ms = Math.floor(siteSecond.value / 60) * 60_000;
  const unacknowledged = open.filter((alarm) => alarm.state === "unacknowledged").length;
  return (
    <section class="panel alarm-list" aria-labelledby="alarm-list-title">
      <h3 id="alarm-list-title">
        <a href={link.alarms}>{t.alarms}</a>
        <span class="muted">{t.alarmCounts(unacknowledged, open.filter(isActive).length)}</span>
        {fits < open.length ? <a href={link.alarms}>{t.more(open.length - fits)}</a> : null}
      </h3>
      <div ref={ref} class="rows">
        <table>
          <tbody>
            {open.slice(0, fits).map((alarm) => (
              <Row key={alarm.id} alarm={alarm} now_ms={now_ms} />
            ))}
          </tbody>
        </table>
        {open.length === 0 ? <p class="muted">{noAlarm()}</p> : null}
      </div>
    </section>
  );
}
