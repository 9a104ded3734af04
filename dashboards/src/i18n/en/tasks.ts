// English texts of the inspection tasks; the type makes a missing or surplus one a compile error.
import type { Texts } from "../zh.ts";

export const tasks: Texts["tasks"] = {
  title: "Inspection tasks",
  done: "Done",
  none: "Nothing due",
  noDone: "Nothing done yet",
  kinds: { rope_end_weekly: "weekly rope-end test", rope_special: "special inspection" },
  dueAt: (time) => `due by ${time}`,
  close: "Close",
  closeTitle: "Close the task",
  result: "Result",
  results: { pass: "pass", fail: "fail" },
  note: "Note",
  doneBy: (name, time) => `${name} · ${time}`,
  fromAlarm: "from an alarm",
  fromTest: "has a trace",
};
