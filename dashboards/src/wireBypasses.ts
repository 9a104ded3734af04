// The words of the interface for safety devices that are bypassed.
import type { Instant, RecordId } from "./wire";

export type Approval = { asked_by: string; approved_by: string; at_ms: Instant; until_ms: Instant };
export type Bypass = {
  id: RecordId;
  ropeway: string;
  safety_device: string;
  tag: string | null;
  reason: string;
  measures: string;
  from_ms: Instant;
  until_ms: Instant;
  overdue: boolean;
  entered_by: string;
  entered_ms: Instant;
  approvals: Approval[];
  ended_ms: Instant | null;
  ended_by: string | null;
  ended_note: string | null;
};
export type Register = { longest_s: number; standing: Bypass[]; ended: Bypass[] };
export type SecondSigns = { second_login: string; second_password: string };
export type BypassWish = SecondSigns & {
  ropeway: string;
  safety_device: string;
  reason: string;
  measures: string;
  for_s: number;
};
