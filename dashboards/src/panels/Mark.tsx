// The mark of a priority: shape, figure and colour together, never colour alone.
import { texts } from "../i18n";
import type { Priority } from "../wire";

type Props = { priority: Priority; blink?: boolean; past?: boolean };

export function Mark({ priority, blink = false, past = false }: Props) {
  return (
    <span
      class={`mark p${priority}${blink ? " blink" : ""}${past ? " past" : ""}`}
      role="img"
      aria-label={texts().alarms.priorityWords[priority]}
    >
      {priority}
    </span>
  );
}
