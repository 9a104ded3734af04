// English texts; the type makes a missing or surplus one a compile error.
import type { Texts } from "./zh.ts";
import { alarms } from "./en/alarms.ts";
import { bypasses } from "./en/bypasses.ts";
import { consultations } from "./en/consultations.ts";
import { health } from "./en/health.ts";
import { notices } from "./en/notices.ts";
import { advice, charts, overview } from "./en/overview.ts";
import { journal, people, session } from "./en/people.ts";
import { ropes } from "./en/ropes.ts";
import { ropeway } from "./en/ropeway.ts";
import { acting, feed, header, kinds, nav, quality, time } from "./en/shell.ts";
import { rules } from "./en/rules.ts";
import { tasks } from "./en/tasks.ts";
import { trends } from "./en/trends.ts";

export const en: Texts = {
  nav,
  header,
  feed,
  quality,
  time,
  kinds,
  advice,
  overview,
  charts,
  ropeway,
  alarms,
  bypasses,
  acting,
  consultations,
  ropes,
  tasks,
  health,
  notices,
  trends,
  session,
  people,
  journal,
  rules,
  yes: "yes",
  no: "no",
  separator: " · ",
  colon: ": ",
  comma: ", ",
  semicolon: "; ",
  aside: (words) => ` (${words})`,
  pageUnknown: "No such page",
};
