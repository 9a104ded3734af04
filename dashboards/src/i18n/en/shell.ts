// English texts of what every page has; the type makes a missing or surplus one a compile error.
import { codesEn } from "../qualities.ts";
import type { Texts } from "../zh.ts";

export const nav: Texts["nav"] = {
  label: "Pages",
  overview: "Overview",
  ropeway: "Ropeway",
  alarms: "Alarms",
  consultations: "Consult",
  ropes: "Ropes",
  trends: "Trends",
  tasks: "Tasks",
  health: "Health",
};

export const header: Texts["header"] = {
  simulated: "SIMULATED",
  dataAge: (seconds) => `data ${seconds} s old`,
  noData: "no data yet",
  allOnline: (online, all) => `all devices online ${online}/${all}`,
  someOnline: (online, all) => `devices online ${online}/${all}`,
  sound: { on: "sound on", muted: "sound muted", blocked: "sound off: touch to enable" },
  theme: { light: "Dark", dark: "Light" },
  themeTitle: "Change between light and dark",
  language: "中文",
  fast: (times) => `fast time ×${times}`,
};

export const feed: Texts["feed"] = {
  title: "LIVE DATA STOPPED",
  since: (time, length) =>
    `since ${time}, for ${length}. What you see is from before the stop: do not act on it.`,
  never: "No live data yet; connecting to the monitor.",
  loading: "Reading the site",
  notRenewed: (time, why) => `Parts of this page are not renewed since ${time}: ${why}`,
};

export const quality: Texts["quality"] = {
  old: "not updated",
  codes: codesEn,
  codeUnknown: (code) => `quality ${code}`,
  words: { good: "good", uncertain: "uncertain", bad: "bad", old: "not updated" },
};

export const time: Texts["time"] = {
  seconds: (n) => `${n} s`,
  minutes: (n) => `${n} min`,
  hours: (n) => `${n} h`,
  days: (n) => `${n} d`,
  ago: (length) => `${length} ago`,
  left: (length) => `${length} left`,
  late: (length) => `${length} late`,
  dueFor: (length) => `due for ${length}`,
  within: (length) => `within ${length}`,
};

export const kinds: Texts["kinds"] = {
  monocable_detachable: "detachable monocable",
  monocable_fixed: "fixed-grip monocable",
  jig_back: "jig-back",
  funicular: "funicular",
};

export const acting: Texts["acting"] = {
  role: "Role",
  save: "OK",
  cancel: "Cancel",
  failed: "Not done",
};
