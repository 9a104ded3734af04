// English texts of the overview and the charts; the type makes a missing or surplus one a compile error.
import type { Texts } from "../zh.ts";

export const advice: Texts["advice"] = {
  label: "Advice",
  words: {
    normal: "Run",
    watch: "Watch",
    slow: "Slow down",
    stop_loading: "Stop loading",
    stop: "Stop",
    inspect: "Inspect first",
  },
  none: "No advice",
  clearNow: "Clears at present speed",
  clearFull: "Clears at full speed",
  clearEmergency: "Clears on emergency drive",
};

export const overview: Texts["overview"] = {
  safety: "Safety",
  open: "open",
  unknown: "unknown",
  chips: {
    rope: (state) => `ropes ${state}`,
    nextTest: (length) => `rope test ${length}`,
    tasks: (due) => `${due} due`,
    overdue: (count) => `${count} overdue`,
    tags: (good, all) => `tags ${good}/${all}`,
    noRopeTest: "no rope test yet",
  },
  highest: (shown, all) => `${shown}/${all} valid`,
  towerNumber: (number) => `T${number}`,
  moving: "running",
  standing: "stopped",
  alarms: "Alarms",
  alarmCounts: (fresh, active) => `${fresh} unacknowledged · ${active} active`,
  more: (count) => `${count} more`,
  gust: "Highest gust, last 3 h",
  gustHow: "highest believable per ropeway · shaded: missing",
  lightning: "Lightning",
  lightningHow: "ring = clear time × storm speed + margin",
  ringNow: (km) => `clear ${km} km`,
  ringEmergency: (km) => `emergency ${km} km`,
  stormSpeed: "storm speed",
  margin: "margin",
  noLightning: "No lightning tag",
  lightningLost: "Lightning not believable: act as if it were near",
  inside: "inside",
  ringOf: "clear",
  ringEmergencyOf: "emerg.",
  profile: "Line profile",
};

export const charts: Texts["charts"] = {
  loading: "Reading",
  none: "No data",
  limit: { HH: "stop", H: "warn", L: "warn", LL: "stop" },
};
