// The big words when alarms stand still: no page may look calm while nothing is judged or kept.
import { texts } from "../i18n";
import { unjudgedMs } from "../live/board";
import { link } from "../router";
import { clock } from "../time";

/** What a list of alarms without any says: nothing is calm that nobody judges. */
export const noAlarm = (): string => (unjudgedMs.value === null ? texts().alarms.none : texts().alarms.unknown);

export function AlarmStop() {
  const since = unjudgedMs.value;
  if (since === null) return null;
  const t = texts().alarms;
  return (
    <div class="feed-stop alarm-stop" role="alert" data-testid="alarm-stop">
      <strong>{t.stopped}</strong>
      <span>
        {t.stoppedSince(clock(since))} <a href={link.health}>{texts().nav.health}</a>
      </span>
    </div>
  );
}
