// The words of the interface for rules and their sets.
import type { Both, Instant, Priority, RecordId } from "./wire";

export type RuleSetState = "proposed" | "approved" | "in_force" | "superseded" | "withdrawn";
export type RuleSetHead = {
  id: RecordId;
  version: string;
  base: string;
  why: string;
  state: RuleSetState;
  proposed_by: string;
  proposed_ms: Instant;
  approved_by: string | null;
  approved_ms: Instant | null;
  effective_ms: Instant | null;
  begun_ms: Instant | null;
  ended_ms: Instant | null;
  ended_by: string | null;
};
export type Replayed = {
  from_ms: Instant;
  to_ms: Instant;
  before_version: string;
  after_version: string;
  scans: number;
  before: number;
  after: number;
  gone: ReplayedAlarm[];
  new: ReplayedAlarm[];
  gone_count: number;
  new_count: number;
  measures: { id: string; before: number | null; after: number | null; state: string }[];
};
export type ReplayedAlarm = { source: string; priority: Priority; raised_ms: Instant; announced: boolean };
export type ReplayState = "running" | "done" | "called_off" | "failed";
export type Replaying = {
  set_id: RecordId;
  state: ReplayState;
  by: string;
  from_ms: Instant;
  to_ms: Instant;
  asked_ms: Instant;
  done_share: number;
  words: string;
};
export type RuleSet = RuleSetHead & { text: string; replayed: Replayed | null };
export type RuleSets = { version: string; text: string; sets: RuleSetHead[] };
export type Rule = {
  id: string;
  kind: string;
  tag?: string;
  tags?: string[];
  name: Both | null;
  priority: Priority;
  source: string;
  confirmed_by: string;
  [key: string]: unknown;
};
