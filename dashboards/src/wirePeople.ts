// The words of the interface for people, keys and the journal.
import type { Both, Instant, RecordId } from "./wire";

export type Permission =
  | "read"
  | "answer_alarms"
  | "shelve_alarms"
  | "take_alarms_out"
  | "speak"
  | "decide"
  | "do_tasks"
  | "substitute"
  | "enter_bypasses"
  | "approve_bypasses"
  | "tend_history"
  | "test_channels"
  | "propose_rules"
  | "approve_rules"
  | "read_journal"
  | "tend_people";
export type Caller = {
  name: string;
  /** The log-in name; null for a machine or a wall screen. */
  login: string | null;
  one_time: boolean;
  ends_ms: Instant | null;
  ends_in_s: number | null;
  permissions: Partial<Record<Permission, string[]>>;
};
export type Who = { site: Both; simulated: boolean; caller: Caller | null };

export type RoleWord =
  | "viewer"
  | "operator"
  | "shift_lead"
  | "maintenance"
  | "safety_officer"
  | "duty_leader"
  | "administrator";
export type Grant = { role: RoleWord; ropeway: string };
export type PersonOnRecord = {
  id: RecordId;
  login: string;
  name: string;
  grants: Grant[];
  active: boolean;
  one_time: boolean;
  made_ms: Instant;
  made_by: string;
};
export type PersonWish = { name: string; grants: Grant[]; password: string };
export type OneTime = { person: PersonOnRecord; one_time_password: string };
export type KeyKind = "machine" | "kiosk";
export type KeyWish = { kind: KeyKind; name: string; grants: Grant[]; days: number; password: string };
export type AccessKey = {
  id: RecordId;
  kind: KeyKind;
  name: string;
  grants: Grant[];
  made_ms: Instant;
  made_by: string;
  expires_ms: Instant;
  valid: boolean;
  ended_ms: Instant | null;
  ended_by: string | null;
};
export type JournalEntry = {
  seq: number;
  at_ms: Instant;
  who: string;
  what: string;
  subject: string;
  body: Record<string, unknown>;
  sha256: string;
};
export type ChainState = { broken: number | null; entries: number; sha256: string | null };
