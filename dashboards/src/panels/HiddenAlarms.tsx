// What the next shift must know: every alarm that is hidden, by whom, why and until when.
import { perform } from "../acting";
import { api } from "../api";
import { say, texts } from "../i18n";
import { hiddenAlarms } from "../live/board";
import { siteSecond } from "../live/feed";
import { may } from "../session";
import { when } from "../time";
import type { Alarm } from "../wire";
import { Mark } from "./Mark";

function BackButton({ alarm }: { alarm: Alarm }) {
  const t = texts().alarms;
  if (alarm.state !== "shelved" && alarm.state !== "out_of_service") return null;
  const deed = alarm.state === "shelved" ? "unshelve" : "put-back";
  const word = alarm.state === "shelved" ? t.unshelve : t.putBack;
  const permission = deed === "unshelve" ? "shelve_alarms" : "take_alarms_out";
  if (!may(permission, alarm.ropeway)) return null;
  return (
    <button
      type="button"
      data-testid={`back-${alarm.id}`}
      aria-label={`${word} ${say(alarm.name)}`}
      onClick={() => void perform(() => api.alarmAct(alarm.id, deed))}
    >
      {word}
    </button>
  );
}

function Hidden({ alarm, now_ms }: { alarm: Alarm; now_ms: number }) {
  const t = texts().alarms;
  const aside = alarm.aside;
  const people = [aside?.by, aside?.second].filter(Boolean).join(" + ");
  return (
    <tr>
      <td class="mark-cell">
        <Mark priority={alarm.priority} past={!alarm.active} />
      </td>
      <td class="nowrap">{t.states[alarm.state]}</td>
      <td class="wide">{say(alarm.name)}</td>
      <td class="muted">{people ? `${aside?.reason} ${t.hiddenBy(people)}` : t.byDesign}</td>
      <td class="nowrap">{aside?.until_ms ? t.hiddenUntil(when(aside.until_ms, now_ms)) : ""}</td>
      <td>
        <BackButton alarm={alarm} />
      </td>
    </tr>
  );
}

export function HiddenAlarms() {
  const t = texts().alarms;
  const hidden = hiddenAlarms.value;
  const now_ms = Math.floor(siteSecond.value / 60) * 60_000;
  return (
    <section class="panel block" data-testid="hidden-alarms">
      <h3>{t.hidden}</h3>
      {hidden.length === 0 ? <p class="muted">{t.noHidden}</p> : null}
      <table class="stacking">
        <tbody>
          {hidden.map((alarm) => (
            <Hidden key={alarm.id} alarm={alarm} now_ms={now_ms} />
          ))}
        </tbody>
      </table>
    </section>
  );
}
