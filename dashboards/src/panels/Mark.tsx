// The mark of a priority: shape, figure and colour together, never colour alone.
import { texts } from "../i18n";
import type { Priority } from "../wire";

export function Mark({ priority, blink = false }: { priority: Priority; blink?: boolean }) {
  return (
    <span
      class={`mark p${priority}${blink ? " blink" : ""}`}
      role="img"
      aria-label={texts().alarms.priorityWords[priority]}
    >
      {priority}
    </span>
  );
}
