// How a task stands against its time, in one phrase.
import { texts } from "./i18n";
import { span } from "./time";
import type { Task } from "./wire";

/** Time left, time since it came due, or how late it is: the monitor decides when due becomes overdue. */
export function dueWords(task: Task, now_ms: number): string {
  const t = texts().time;
  const left_ms = task.due_ms - now_ms;
  if (task.state === "overdue") return t.late(span(-left_ms));
  return left_ms >= 0 ? t.left(span(left_ms)) : t.dueFor(span(-left_ms));
}
