// Chinese texts of what every page has; the keys here are the contract that English follows.
import { codesZh } from "../qualities.ts";

export const nav = {
  label: "页面",
  overview: "总览",
  ropeway: "索道",
  alarms: "报警",
  consultations: "会商",
  ropes: "钢丝绳",
  trends: "趋势",
  tasks: "检查",
  health: "健康",
};

export const header = {
  simulated: "模拟数据",
  dataAge: (seconds: string) => `数据 ${seconds} 秒前`,
  noData: "尚无数据",
  allOnline: (online: number, all: number) => `全部设备在线 ${online}/${all}`,
  someOnline: (online: number, all: number) => `设备在线 ${online}/${all}`,
  sound: { on: "声音 开", muted: "声音 静音", blocked: "声音未启用：点按开启" },
  theme: { light: "夜间", dark: "日间" },
  themeTitle: "切换日间和夜间配色",
  language: "English",
  fast: (times: string) => `快速时间 ×${times}`,
};

export const feed = {
  title: "实时数据中断",
  since: (time: string, length: string) =>
    `自 ${time} 起，已 ${length}。以下为中断前的画面，不可据此操作。`,
  never: "尚未收到实时数据，正在连接监测主机。",
  loading: "正在读取场站信息",
  notRenewed: (time: string, why: string) => `本页部分内容自 ${time} 起未更新：${why}`,
};

export const quality = {
  old: "未更新",
  codes: codesZh as Record<number, string>,
  codeUnknown: (code: number) => `质量码 ${code}`,
  words: { good: "正常", uncertain: "存疑", bad: "坏值", old: "未更新" },
};

export const time = {
  seconds: (n: string) => `${n} 秒`,
  minutes: (n: string) => `${n} 分钟`,
  hours: (n: string) => `${n} 小时`,
  days: (n: string) => `${n} 天`,
  ago: (length: string) => `${length}前`,
  left: (length: string) => `还有 ${length}`,
  late: (length: string) => `逾期 ${length}`,
  dueFor: (length: string) => `已到期 ${length}`,
  within: (length: string) => `${length}内`,
};

export const kinds = {
  monocable_detachable: "单线循环脱挂",
  monocable_fixed: "单线循环固定",
  jig_back: "往复式",
  funicular: "地面缆车",
} as Record<string, string>;

export const acting = {
  role: "岗位",
  save: "确定",
  cancel: "取消",
  failed: "未完成",
};
