// Chinese texts of the inspection tasks; the keys here are the contract that English follows.

export const tasks = {
  title: "检查任务",
  done: "已完成",
  none: "没有待检任务",
  noDone: "没有已完成的任务",
  kinds: { rope_end_weekly: "绳头周检", rope_special: "专项检查" } as Record<string, string>,
  dueAt: (time: string) => `应于 ${time} 前完成`,
  close: "办结",
  closeTitle: "办结检查任务",
  result: "结果",
  results: { pass: "合格", fail: "不合格" },
  note: "说明",
  doneBy: (name: string, time: string) => `${name} · ${time}`,
  fromAlarm: "由报警引起",
  fromTest: "有检测曲线",
};
