// The words of the interface for messages to people.
import type { Both, Instant, Priority, RecordId } from "./wire";

/** What people did not get: it belongs on the wall. */
export type Wall = {
  undelivered: number;
  failed_tests: number;
  untold: number;
  channels: string[];
  oldest_ms: Instant | null;
};
export type Outcome = "delivered" | "refused" | "busy" | "failed";
export type Message = {
  id: RecordId;
  kind: "alarm" | "digest" | "self" | "test";
  channel: string;
  priority: Priority;
  title: string;
  text: string;
  made_ms: Instant;
  late_ms: Instant;
  state: "waiting" | "delivered" | "withdrawn";
  settled_ms: Instant | null;
  attempts: { number: number; at_ms: Instant; took_ms: number; outcome: Outcome; words: string }[];
  receipts: { person: string; delivered_ms: Instant | null; seen_ms: Instant | null }[];
};
export type NoticeChannel = {
  id: string;
  name: Both;
  kind: "dingtalk" | "wecom" | "feishu" | "email" | "webhook" | "apprise";
  /** The server's name where the site file gives one; never an address. */
  place: string;
  secret: string;
  waiting: number;
  undelivered: number;
  last_test: Message | null;
};
export type OnRoster = {
  user: string;
  name: Both;
  roles: string[];
  ropeways: string[];
  on_duty: boolean;
  contacts: { channel: string; to: string }[];
};
