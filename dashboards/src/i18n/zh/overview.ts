// Chinese texts of the overview and the charts; the keys here are the contract that English follows.

export const advice = {
  label: "建议",
  words: {
    normal: "正常运行",
    watch: "加强关注",
    slow: "减速运行",
    stop_loading: "停止上客",
    stop: "停止运行",
    inspect: "检查后再开",
  },
  none: "无建议",
  clearNow: "当前速度清线",
  clearFull: "全速清线",
  clearEmergency: "应急驱动清线",
};

export const overview = {
  safety: "安全回路",
  open: "断开",
  unknown: "不明",
  chips: {
    rope: (state: string) => `钢丝绳 ${state}`,
    nextTest: (length: string) => `周检 ${length}`,
    tasks: (due: number) => `待检 ${due} 项`,
    overdue: (count: number) => `逾期 ${count} 项`,
    tags: (good: number, all: number) => `测点 ${good}/${all}`,
    noRopeTest: "钢丝绳 尚无检测",
  },
  highest: (shown: number, all: number) => `${shown}/${all} 可信`,
  towerNumber: (number: number) => `${number} 号`,
  moving: "运行",
  standing: "停止",
  alarms: "报警",
  alarmCounts: (fresh: number, active: number) => `未确认 ${fresh} · 活动 ${active}`,
  more: (count: number) => `另有 ${count} 条`,
  gust: "最大阵风，近 3 小时",
  gustHow: "每条索道可信风速仪中的最大值 · 阴影为数据缺失",
  lightning: "雷电",
  lightningHow: "环 = 清线时间 × 移速 + 余量",
  ringNow: (km: string) => `${km} km 清线`,
  ringEmergency: (km: string) => `${km} km 应急清线`,
  stormSpeed: "移速取",
  margin: "余量",
  noLightning: "没有雷电测点",
  lightningLost: "雷电监测不可信：按有雷处理",
  inside: "已进环",
  ringOf: "清线",
  ringEmergencyOf: "应急",
  profile: "线路纵断面",
};

export const charts = {
  loading: "正在读取",
  none: "没有数据",
  limit: { HH: "停止", H: "警戒", L: "警戒", LL: "停止" },
};
