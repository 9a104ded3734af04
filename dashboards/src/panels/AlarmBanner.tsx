// The one line on what needs someone first: what, value against limit, since when, what to do.
import { perform } from "../acting";
import { api } from "../api";
import { say, texts } from "../i18n";
import { flood, openAlarms } from "../live/board";
import { siteSecond } from "../live/feed";
import { firsts, foremost, isActive, needsAcknowledging } from "../judge";
import { maybe } from "../numbers";
import { may } from "../session";
import { muted, setMuted } from "../preferences";
import { allowed, span, when } from "../time";
import type { Alarm, Priority } from "../wire";
import { noAlarm } from "./AlarmStop";
import { Mark } from "./Mark";

/** The name, and the value beside the limit that it is beyond. */
export function alarmText(alarm: Alarm): string {
  if (alarm.value === null) return say(alarm.name);
  const against =
    alarm.limit === null ? "" : ` ${alarm.level.startsWith("L") ? "≤" : "≥"} ${maybe(alarm.limit)}`;
  return `${say(alarm.name)} ${maybe(alarm.value)} ${alarm.unit}${against}`;
}

export function AcknowledgeButton({ alarm, primary = false }: { alarm: Alarm; primary?: boolean }) {
  const t = texts().alarms;
  if (!may("answer_alarms", alarm.ropeway)) return null;
  return (
    <button
      type="button"
      class={primary ? "primary" : ""}
      data-testid={`ack-${alarm.id}`}
      aria-label={t.acknowledgeNamed(say(alarm.name))}
      onClick={() => void perform(() => api.acknowledge(alarm.id))}
    >
      {t.acknowledge}
    </button>
  );
}

function Counts() {
  const active = firsts(openAlarms.value).filter(isActive);
  return (
    <span class="counts">
      {([1, 2, 3] as Priority[]).map((priority) => {
        const count = active.filter((one) => one.priority === priority).length;
        return (
          <span key={priority} class={count === 0 ? "none" : ""}>
            <Mark priority={priority} /> <b>{count}</b>
          </span>
        );
      })}
    </span>
  );
}

function MuteButton() {
  const t = texts().alarms;
  return (
    <button
      type="button"
      data-testid="mute"
      aria-pressed={muted.value}
      onClick={() => setMuted(!muted.value)}
    >
      {muted.value ? t.unmute : t.mute}
    </button>
  );
}

function About({ alarm }: { alarm: Alarm }) {
  const t = texts();
  const now_ms = siteSecond.value * 1000;
  const { response, respond_within_s } = alarm.guidance;
  return (
    <span class="about muted">
      {[when(alarm.raised_ms, now_ms), span(now_ms - alarm.raised_ms)].join(t.separator)}
      {say(response)
        ? `${t.separator}${t.alarms.response}${t.colon}${say(response)}${t.aside(t.time.within(allowed(respond_within_s)))}`
        : ""}
    </span>
  );
}

export function AlarmBanner() {
  const alarm = foremost(openAlarms.value);
  if (!alarm) {
    return (
      <section class="panel banner calm">
        <span class="muted">{noAlarm()}</span>
        <Counts />
        <MuteButton />
      </section>
    );
  }
  return (
    <section class={`panel banner p${alarm.priority}`} aria-label={texts().alarms.title}>
      <Mark priority={alarm.priority} blink={alarm.state === "unacknowledged"} />
      <b class="what">{alarmText(alarm)}</b>
      {flood.value.on ? (
        <span class="about flood" role="status" data-testid="flood">
          {texts().alarms.flood(flood.value.alarms)}
        </span>
      ) : (
        <About alarm={alarm} />
      )}
      <Counts />
      <MuteButton />
      {needsAcknowledging(alarm) ? <AcknowledgeButton alarm={alarm} primary /> : null}
    </section>
  );
}
