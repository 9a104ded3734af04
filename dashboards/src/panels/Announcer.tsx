// Speaks a new alarm of the first priority to a screen reader, and nothing else.
import { useRef } from "preact/hooks";
import { say, texts } from "../i18n";
import { openAlarms } from "../live/board";

export function Announcer() {
  const spoken = useRef(new Set<number>());
  const first = openAlarms.value.filter((one) => one.priority === 1 && one.state === "unacknowledged");
  const fresh = first.find((one) => !spoken.current.has(one.id)) ?? first[0];
  spoken.current = new Set(first.map((one) => one.id));
  return (
    <div class="spoken" aria-live="assertive" role="status">
      {fresh ? texts().alarms.raisedNew(say(fresh.name)) : ""}
    </div>
  );
}
