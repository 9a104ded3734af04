// The alarms: what is open with what to do about it, and what has ended.
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { api } from "../api";
import { say, texts } from "../i18n";
import { flood, folded, openAlarms } from "../live/board";
import { siteSecond } from "../live/feed";
import { byNeed, consequences, firsts, isActive } from "../judge";
import { maybe } from "../numbers";
import { AlarmButtons } from "../panels/AlarmButtons";
import { alarmState } from "../panels/AlarmList";
import { noAlarm } from "../panels/AlarmStop";
import { Bypasses } from "../panels/Bypasses";
import { HiddenAlarms } from "../panels/HiddenAlarms";
import { Mark } from "../panels/Mark";
import { placeName } from "../panels/Roles";
import { usePolled } from "../polled";
import { DASH } from "../quality";
import { link } from "../router";
import { allowed, span, when } from "../time";
import type { Alarm, Priority } from "../wire";

function Against({ alarm }: { alarm: Alarm }) {
  const sign = alarm.level.startsWith("L") ? "≤" : "≥";
  return (
    <span class="nowrap">
      <b class="value">{alarm.value === null ? DASH : maybe(alarm.value)}</b>
      <span class="unit">{alarm.unit}</span>
      {alarm.limit === null || alarm.value === null ? null : (
        <span class="muted">
          {" "}
          {sign} {maybe(alarm.limit)}
        </span>
      )}
    </span>
  );
}

function Guidance({ alarm }: { alarm: Alarm }) {
  const t = texts();
  const { response, consequence, respond_within_s } = alarm.guidance;
  return (
    <p class="guidance">
      {say(response) ? (
        <>
          <b>{t.alarms.response}</b> {say(response)}
          <span class="muted">{t.aside(t.time.within(allowed(respond_within_s)))}</span>
        </>
      ) : null}
      {say(consequence) ? (
        <span class="muted">
          {" "}
          {t.alarms.consequence}
          {t.colon}
          {say(consequence)}
        </span>
      ) : null}
    </p>
  );
}

function Links({ alarm }: { alarm: Alarm }) {
  const t = texts().alarms;
  return (
    <span class="links">
      {alarm.consultation ? (
        <a class="chip" href={link.consultation(alarm.consultation)}>
          {t.consultation}
        </a>
      ) : null}
      {alarm.task ? (
        <a class="chip" href={link.tasks}>
          {t.task}
        </a>
      ) : null}
    </span>
  );
}

/** For how many hours the class of an alarm lets it be hidden. */
type Allowance = { shelf_h: number; out_h: number };

function Open({ alarm, allowance }: { alarm: Alarm; allowance: Allowance }) {
  const now_ms = siteSecond.value * 1000;
  const fresh = alarm.state === "unacknowledged";
  return (
    <li class={`panel alarm ${isActive(alarm) ? `p${alarm.priority}` : "gone"}`} data-alarm={alarm.id}>
      <Mark priority={alarm.priority} blink={fresh} past={!isActive(alarm)} />
      <div class="said">
        <p class="name">
          <b>{say(alarm.name)}</b> <Against alarm={alarm} />
        </p>
        <Guidance alarm={alarm} />
      </div>
      <div class="times">
        <b>{span(now_ms - alarm.raised_ms)}</b>
        <span class="muted">{when(alarm.raised_ms, now_ms)}</span>
      </div>
      <div class="state">
        <span class={fresh ? "fresh" : "muted"}>{alarmState(alarm)}</span>
        <Links alarm={alarm} />
      </div>
      <AlarmButtons alarm={alarm} {...allowance} />
    </li>
  );
}

type OpenProps = { alarm: Alarm; following: Alarm[]; allowed: (alarm: Alarm) => Allowance };

/** An alarm, and folded under it what follows from it. */
function Event({ alarm, following, allowed: allowance }: OpenProps) {
  const t = texts().alarms;
  if (following.length === 0) return <Open alarm={alarm} allowance={allowance(alarm)} />;
  return (
    <>
      <Open alarm={alarm} allowance={allowance(alarm)} />
      <li>
        <details class="following">
          <summary>{t.following(following.length + (folded.value[alarm.id] ?? 0))}</summary>
          <ul class="alarms">
            {byNeed(following).map((one) => (
              <Open key={one.id} alarm={one} allowance={allowance(one)} />
            ))}
          </ul>
          {folded.value[alarm.id] ? <p class="muted">{t.leftOut(folded.value[alarm.id] ?? 0)}</p> : null}
        </details>
      </li>
    </>
  );
}

/** In a flood: all but the first priority, folded by ropeway and priority. */
function groupsOf(events: readonly Alarm[]): [string, Alarm[]][] {
  const found = new Map<string, Alarm[]>();
  for (const alarm of events) {
    const key = `${alarm.priority} ${alarm.ropeway ?? "site"}`;
    found.set(key, [...(found.get(key) ?? []), alarm]);
  }
  return [...found].sort(([a], [b]) => a.localeCompare(b));
}

type GroupProps = { name: string; alarms: Alarm[]; draw: (alarm: Alarm) => ComponentChildren };

function Group({ name, alarms, draw }: GroupProps) {
  const [priority = "3", place = "site"] = name.split(" ");
  return (
    <li>
      <details class="following group">
        <summary>
          <Mark priority={Number(priority) as Priority} past={!alarms.some(isActive)} /> {placeName(place)}{" "}
          <b>{alarms.length}</b>
        </summary>
        <ul class="alarms">{alarms.map(draw)}</ul>
      </details>
    </li>
  );
}

function Ended({ alarm, now_ms }: { alarm: Alarm; now_ms: number }) {
  const end = alarm.closed_ms ?? alarm.returned_ms;
  return (
    <tr>
      <td class="mark-cell">
        <Mark priority={alarm.priority} past />
      </td>
      <td class="nowrap muted">{when(alarm.raised_ms, now_ms)}</td>
      <td class="wide">{say(alarm.name)}</td>
      <td>
        <Against alarm={alarm} />
      </td>
      <td class="nowrap">{end === null ? "" : span(end - alarm.raised_ms)}</td>
      <td class="muted">{alarm.acknowledged_by ?? ""}</td>
    </tr>
  );
}

function History({ alarms }: { alarms: Alarm[] | null }) {
  const t = texts().alarms;
  const now_ms = Math.floor(siteSecond.value / 60) * 60_000;
  return (
    <section class="panel block">
      <h3>{t.history}</h3>
      {alarms?.length === 0 ? <p class="muted">{t.noHistory}</p> : null}
      <table class="stacking">
        <tbody>
          {alarms?.map((alarm) => (
            <Ended key={alarm.id} alarm={alarm} now_ms={now_ms} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

export function Alarms(_: { id: string }) {
  const t = texts();
  const open = openAlarms.value;
  const following = consequences(open);
  const all = usePolled(() => api.alarms("all", 200), 15, [open.length]);
  const ended = useMemo(
    () => all.answer?.alarms.filter((alarm) => alarm.state === "normal") ?? null,
    [all.answer],
  );
  const fresh = firsts(open).filter((alarm) => alarm.state === "unacknowledged").length;
  const rules = usePolled(() => api.rules(), 60, []);
  const classes = new Map(rules.answer?.classes.map((one) => [one.id, one]));
  const allowanceOf = (alarm: Alarm): Allowance => {
    const known = classes.get(alarm.alarm_class);
    return { shelf_h: known?.longest_shelf_h ?? 0, out_h: known?.longest_out_of_service_h ?? 0 };
  };
  const events = byNeed(firsts(open));
  const flooding = flood.value.on;
  const whole = flooding ? events.filter((alarm) => alarm.priority === 1) : events;
  const groups = flooding ? groupsOf(events.filter((alarm) => alarm.priority > 1)) : [];
  const draw = (alarm: Alarm) => (
    <Event key={alarm.id} alarm={alarm} following={following.get(alarm.id) ?? []} allowed={allowanceOf} />
  );
  return (
    <div class="stack">
      <div class="title-row">
        <h2>
          {t.alarms.open}{" "}
          <span class="muted after">{t.overview.alarmCounts(fresh, firsts(open).filter(isActive).length)}</span>
        </h2>
        <nav class="links end" aria-label={t.alarms.title}>
          <a class="chip" href={link.alarmHistory}>
            {t.alarms.history}
          </a>
          <a class="chip" href={link.alarmQuality}>
            {t.alarms.quality}
          </a>
          <a class="chip" href={link.rules}>
            {t.rules.title}
          </a>
        </nav>
      </div>
      {flooding ? (
        <p class="panel block flooding" role="status">
          {t.alarms.floodExplain(flood.value.alarms)}
        </p>
      ) : null}
      {open.length === 0 ? <p class="panel empty">{noAlarm()}</p> : null}
      <ul class="alarms">
        {whole.map(draw)}
        {groups.map(([name, alarms]) => (
          <Group key={name} name={name} alarms={alarms} draw={draw} />
        ))}
      </ul>
      <Bypasses />
      <HiddenAlarms />
      <History alarms={ended} />
    </div>
  );
}
