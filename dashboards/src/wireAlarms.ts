// The words of the interface for the past of alarms and for their figures.
import type { Instant } from "./wire";

export type Measure = {
  id: string;
  value: number | null;
  target: number | null;
  limit: number | null;
  state: "good" | "watch" | "bad" | "unknown";
};
export type AlarmsWanted = {
  ropeway: string;
  rule: string;
  priority: string;
  from_ms: Instant | null;
  to_ms: Instant | null;
};
export type Kpi = {
  from_ms: Instant;
  to_ms: Instant;
  alarms: number;
  measures: Measure[];
  busiest: { source: string; alarms: number }[];
  chattering: string[];
  stale: string[];
  floods: { from_ms: Instant; to_ms: Instant }[];
};
