// The words for each quality code; a code that one language lacks is a compile error.
export const codesZh = {
  64: "来源存疑",
  65: "时钟存疑",
  66: "人工置数",
  67: "人工置数，源不良",
  68: "人工置数，源失联",
  128: "来源报坏值",
  129: "非数值",
  130: "超量程",
  131: "过期",
  132: "失联",
  133: "未读到",
  134: "冻结",
  135: "尖峰",
};

export const codesEn: Record<keyof typeof codesZh, string> = {
  64: "source uncertain",
  65: "clock uncertain",
  66: "set by hand",
  67: "set by hand, source bad",
  68: "set by hand, source lost",
  128: "source says bad",
  129: "not a number",
  130: "out of range",
  131: "stale",
  132: "lost",
  133: "never read",
  134: "frozen",
  135: "spike",
};
