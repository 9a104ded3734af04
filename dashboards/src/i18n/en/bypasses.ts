// English texts of the bypass register; the type makes a missing or surplus one a compile error.
import type { Texts } from "../zh.ts";

export const bypasses: Texts["bypasses"] = {
  title: "Hand-over: bypassed safety devices",
  none: "No bypass",
  unknown: "The register cannot be read now: do not take that for no bypass",
  enter: "Enter a bypass",
  explain:
    "A priority 1 alarm stands as long as the bypass does. Say what protects meanwhile and for how long, and have another person sign here.",
  ropeway: "Ropeway",
  device: "Safety device or signal",
  reason: "Why",
  measures: "What protects meanwhile",
  lasting: "Approved for",
  renew: "Renew",
  renewNamed: (device) => `Renew the bypass: ${device}`,
  end: "Restored",
  endNamed: (device) => `Restored: ${device}`,
  note: "What was done, and how it was tried",
  measuresAre: (measures) => `Meanwhile: ${measures}`,
  signed: (who, second) => `entered by ${who}, approved by ${second}`,
  until: (time) => `approved until ${time}`,
  overdueSince: (time) => `beyond its approved end since ${time}`,
  ended: (time) => `restored ${time}`,
};
