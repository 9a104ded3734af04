// 中文界面文字；英文表按本表的形状检查，缺一条即编译失败。
import { alarms } from "./zh/alarms.ts";
import { bypasses } from "./zh/bypasses.ts";
import { consultations } from "./zh/consultations.ts";
import { health } from "./zh/health.ts";
import { notices } from "./zh/notices.ts";
import { advice, charts, overview } from "./zh/overview.ts";
import { journal, people, session } from "./zh/people.ts";
import { ropes } from "./zh/ropes.ts";
import { ropeway } from "./zh/ropeway.ts";
import { acting, feed, header, kinds, nav, quality, time } from "./zh/shell.ts";
import { rules } from "./zh/rules.ts";
import { tasks } from "./zh/tasks.ts";
import { trends } from "./zh/trends.ts";

export const zh = {
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
  yes: "是",
  no: "否",
  separator: " · ",
  colon: "：",
  comma: "、",
  semicolon: "；",
  aside: (words: string) => `（${words}）`,
  pageUnknown: "没有这个页面",
};

export type Texts = typeof zh;
