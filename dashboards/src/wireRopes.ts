// The words of the interface for tests of ropes.
import type { Both, Instant, RecordId } from "./wire";

export type Verdict = "normal" | "watch" | "warning" | "action" | "discard" | "incomplete";
export type RopeTest = {
  id: RecordId;
  rope: string;
  test_point: string;
  started_ms: Instant;
  ended_ms: Instant;
  pass_number: number;
  complete: boolean;
  covered_share: number;
  speed_mps: number | null;
  windows: { window_d: number; loss_pct: number; position_m: number; limit_pct: number; share: number }[];
  lf_max: number | null;
  lf_position_m: number | null;
  verdict: Verdict;
  alarm: RecordId | null;
};
export type Trace = { position_m: number[]; lma_pct: (number | null)[]; lf: (number | null)[] };
export type RopeTestWithTrace = RopeTest & { trace: Trace };
export type Fit = {
  slope_pct_per_week: number;
  low: number;
  high: number;
  weeks_to_limit: [number, number] | null;
  from_ms: Instant;
  to_ms: Instant;
};
export type Trend = {
  rope: string;
  test_point: string;
  /** The reference length followed, and its limits; null where the rope has none. */
  window_d: number | null;
  limit_pct: number | null;
  action_pct: number | null;
  tests: { id: RecordId; ended_ms: Instant; loss_pct: number | null; verdict: Verdict }[];
  missed: Instant[];
  fit: Fit | null;
  fit_reason: Both | null;
};
