// Alarms of the past: looked for by ropeway, priority, rule and time.
import { useState } from "preact/hooks";
import { api } from "../api";
import { say, texts } from "../i18n";
import { siteNow } from "../live/feed";
import { maybe } from "../numbers";
import { alarmState } from "../panels/AlarmList";
import { Mark } from "../panels/Mark";
import { placeName } from "../panels/Roles";
import { usePolled } from "../polled";
import { DASH } from "../quality";
import { link } from "../router";
import { site } from "../site";
import { dayMinute, span } from "../time";
import type { Alarm, AlarmsWanted } from "../wire";

const AT_ONCE = 100;
const DAY_MS = 86_400_000;
const SPANS = [1, 7, 30, 365];

function Row({ alarm }: { alarm: Alarm }) {
  const end = alarm.closed_ms ?? alarm.returned_ms;
  return (
    <tr data-alarm={alarm.id}>
      <td class="mark-cell">
        <Mark priority={alarm.priority} past={!alarm.active} />
      </td>
      <td class="nowrap">{dayMinute(alarm.raised_ms)}</td>
      <th scope="row">{say(alarm.name)}</th>
      <td class="nowrap">
        <b class="value">{alarm.value === null ? DASH : maybe(alarm.value)}</b> {alarm.unit}
        {alarm.limit === null ? null : <span class="muted"> / {maybe(alarm.limit)}</span>}
      </td>
      <td class="nowrap">{end === null ? "" : span(end - alarm.raised_ms)}</td>
      <td>{alarmState(alarm)}</td>
      <td class="muted">{[alarm.acknowledged_by, alarm.acknowledged_comment].filter(Boolean).join(" ")}</td>
    </tr>
  );
}

type Choice = { ropeway: string; priority: string; rule: string; days: string };

function Filters({ set }: { set: (choice: Choice) => void }) {
  const t = texts();
  const { answer } = usePolled(() => api.rules(), 300, []);
  const submit = (event: Event) => {
    const answers = new FormData(event.currentTarget as HTMLFormElement);
    const word = (name: string) => String(answers.get(name) ?? "");
    set({ ropeway: word("ropeway"), priority: word("priority"), rule: word("rule"), days: word("days") });
  };
  const pick = (name: string, label: string, options: [string, string][]) => (
    <label>
      {label}
      <select name={name} data-testid={`history-${name}`}>
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
  const every: [string, string] = ["", t.alarms.everything];
  return (
    <form class="filters" onChange={submit} onSubmit={(event) => event.preventDefault()}>
      {pick("days", t.alarms.within, [
        ...SPANS.map((days): [string, string] => [String(days), t.rules.lastDays(days)]),
        every,
      ])}
      {pick("ropeway", t.nav.ropeway, [
        every,
        ...(site.value?.ropeways ?? []).map((way): [string, string] => [way.id, placeName(way.id)]),
      ])}
      {pick("priority", t.alarms.priority, [every, ["1", "1"], ["2", "2"], ["3", "3"]])}
      {pick("rule", t.rules.rule, [
        every,
        ...(answer?.rules ?? []).map((rule): [string, string] => [rule.id, say(rule.name) || rule.id]),
      ])}
    </form>
  );
}

export function AlarmHistory(_: { id: string }) {
  const t = texts();
  const [choice, setChoice] = useState<Choice>({ ropeway: "", priority: "", rule: "", days: "1" });
  const [to_ms, setTo] = useState<number | null>(null);
  const wanted: AlarmsWanted = {
    ropeway: choice.ropeway,
    priority: choice.priority,
    rule: choice.rule,
    from_ms: choice.days ? Math.max(0, Math.floor(siteNow()) - Number(choice.days) * DAY_MS) : null,
    to_ms,
  };
  const { answer } = usePolled(() => api.alarmHistory(wanted, AT_ONCE), 30, [choice, to_ms]);
  const found = answer?.alarms ?? [];
  return (
    <div class="stack">
      <div class="title-row">
        <h2>{t.alarms.history}</h2>
        <a class="chip end" href={link.alarms}>
          {t.alarms.open}
        </a>
      </div>
      <Filters
        set={(next) => {
          setTo(null);
          setChoice(next);
        }}
      />
      <section class="panel block scroll" tabIndex={0}>
        <table>
          <tbody>
            {found.map((alarm) => (
              <Row key={alarm.id} alarm={alarm} />
            ))}
          </tbody>
        </table>
        {answer && found.length === 0 ? <p class="muted">{t.alarms.noHistory}</p> : null}
      </section>
      <div class="acts">
        {to_ms === null ? null : (
          <button type="button" onClick={() => setTo(null)}>
            {t.journal.newest}
          </button>
        )}
        {found.length === AT_ONCE ? (
          <button type="button" data-testid="older" onClick={() => setTo(found.at(-1)?.raised_ms ?? null)}>
            {t.journal.older}
          </button>
        ) : null}
      </div>
    </div>
  );
}
