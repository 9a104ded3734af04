// The words of the HTTP and WebSocket interface, as docs/reference/api.md gives them.

import type { Flood } from "./wireAlarms";

export type Both = { zh: string; en: string };
export type RecordId = number;
export type Instant = number; // milliseconds since 1970 UTC, in the site's time

export type Limit = { level: "HH" | "H" | "L" | "LL"; value: number; priority: Priority; rule: string };
export type Priority = 1 | 2 | 3;

export type Tag = {
  slot: number;
  id: string;
  name: Both;
  unit: string;
  group: string;
  ropeway: string;
  place: string;
  quantity: string;
  device: string;
  min: number | null;
  max: number | null;
  normal: [number, number] | null;
  decimals: number;
  scan_s: number;
  boolean: boolean;
  limits: Limit[];
};

export type Station = { id: string; name: Both; position_m: number; altitude_m: number };
export type Tower = {
  number: number;
  position_m: number;
  altitude_m: number;
  azimuth_deg: number;
  exposure: string;
  gust: number | null;
};
export type Indicator = { name: Both; slots: number[] };
export type TestPoint = {
  id: string;
  name: Both;
  kind: string;
  code: number;
  position_m: number;
  length_m: number;
};
export type LossLimit = { window_d: number; loss_pct: number; source: string; confirmed_by: string };
export type Rope = {
  id: string;
  name: Both;
  kind: string;
  construction: string;
  diameter_mm: number;
  metallic_area_mm2: number;
  length_m: number;
  loop: boolean;
  installed: string;
  action_share: number;
  limits: LossLimit[];
  test_points: TestPoint[];
};
export type Ropeway = {
  id: string;
  name: Both;
  kind: string;
  length_m: number;
  line_speed_mps: number;
  emergency_speed_mps: number;
  station_time_s: number;
  carriers: number;
  places: number;
  speed: number;
  stations: Station[];
  towers: Tower[];
  indicators: Indicator[];
  safety_circuits: { name: Both; slot: number }[];
  ropes: Rope[];
};
export type Device = { id: string; name: Both | null; ropeway: string; protocol: string; scan_s: number };
export type Site = {
  name: Both;
  timezone: string;
  simulated: boolean;
  storm_speed_kmh: number;
  now_ms: Instant;
  speed: number;
  ropeways: Ropeway[];
  devices: Device[];
  tags: Tag[];
};

export type HiddenState = "shelved" | "suppressed" | "out_of_service";
export type AlarmState =
  | "unacknowledged"
  | "acknowledged"
  | "returned"
  | "latched"
  | "normal"
  | HiddenState;
/** Who hid an alarm, why and until when; nobody and no end where the design did. */
export type Aside = {
  by: string | null;
  second: string | null;
  reason: string;
  from_ms: Instant;
  until_ms: Instant | null;
};
export type AlarmClass = { id: string; longest_shelf_h: number; longest_out_of_service_h: number };
export type Alarm = {
  id: RecordId;
  rule: string;
  level: string;
  kind: string;
  tag: string | null;
  ropeway: string | null;
  priority: Priority;
  state: AlarmState;
  name: Both;
  value: number | null;
  limit: number | null;
  unit: string;
  guidance: { consequence: Both; response: Both; respond_within_s: number };
  raised_ms: Instant;
  acknowledged_ms: Instant | null;
  acknowledged_by: string | null;
  acknowledged_comment: string;
  returned_ms: Instant | null;
  closed_ms: Instant | null;
  consultation: RecordId | null;
  task: RecordId | null;
  source: string;
  alarm_class: string;
  active: boolean;
  aside: Aside | null;
  cause: RecordId | null;
};

export type AdviceWord = "normal" | "watch" | "slow" | "stop_loading" | "stop" | "inspect";
export type ClearTime = { now: number | null; full: number | null; emergency: number | null };
export type RopewayAdvice = {
  ropeway: string;
  advice: AdviceWord;
  reasons: Both[];
  clear_time_s: ClearTime;
  since_ms: Instant;
};
export type Advice = { ropeways: RopewayAdvice[] };

export type Frame = {
  kind: "snapshot" | "delta";
  n: number;
  now_ms: Instant;
  slots: number[] | null;
  values: (number | null)[];
  quality: number[];
  source_ms: (Instant | null)[];
  /** When each value was last good; 0 for never. */
  good_ms?: (Instant | null)[];
  /** Runs of slots (first, last) that were read since this was last said, changed or not. */
  seen?: [number, number][];
  alarms?: Alarm[];
  folded?: Record<string, number>;
  flood?: Flood;
  unjudged_ms?: Instant | null;
  advice?: Advice;
  devices_online?: number;
  devices?: number;
};

export type Series = {
  tag: string;
  t: Instant[];
  min: (number | null)[];
  mean: (number | null)[];
  max: (number | null)[];
  good: number[];
  /** Samples in each bucket, good or not. */
  count: number[];
  /** What a damaged file no longer gives back. */
  damaged: { from_ms: Instant; to_ms: Instant }[];
};
export type History = {
  from_ms: Instant;
  to_ms: Instant;
  bucket_ms: number;
  series: Series[];
  gaps: Gap[];
};

export type DeviceHealth = {
  id: string;
  name: Both | null;
  ropeway: string;
  protocol: string;
  address: string;
  state: "connecting" | "online" | "lost";
  since_ms: Instant;
  reason: string;
  period_s: number;
  period_kept_pct: number | null;
  lateness_p99_ms: number | null;
  age_ms: number | null;
  scans: number;
  skipped: number;
  reconnects: number;
  errors: Record<string, number>;
  tags: number;
  good_tags: number;
};
export type Health = {
  now_ms: Instant;
  started_ms: Instant;
  devices: DeviceHealth[];
  subscribers: { name: string; depth: number; capacity: number; dropped: number }[];
  history: {
    state: "ok" | "short" | "failing";
    reason: string;
    last_commit_ms: Instant | null;
    commit_p99_ms: number | null;
    late_p99_ms: number;
    disk_left_bytes: number | null;
    cap_bytes: number;
    thinned_samples: number;
    thinned_unsent: number;
    scans: number;
    waiting: number;
    bytes: number;
    dropped: number;
  };
  influx: null | {
    state: "idle" | "sending" | "waiting" | "refused";
    reason: string;
    oldest_unsent_ms: Instant | null;
    sent: number;
    samples_per_s: number;
    dead_letters: number;
    backlog_scans: number;
  };
  engine: {
    last_scan_ms: Instant | null;
    unjudged_ms: Instant | null;
    rules: number;
    active: number;
    dropped: number;
    failing?: string;
  };
  live: { clients: number; frames: number };
};
export type Gap = {
  id: number | string;
  device: string;
  tag: string | null;
  from_ms: Instant;
  to_ms: Instant | null;
  cause: GapCause;
  recovered: boolean;
};

export type GapCause = "device_lost" | "not_polled" | "monitor_down" | "clock_leap" | "store_full" | "damaged" | "tag_refused" | "not_judged";

/** What of one device is missing in a calendar week of the site. */
export type DeviceWeek = {
  device: string;
  gaps: number;
  missing_ms: number;
  missing_share: number;
  by_cause_ms: Partial<Record<GapCause, number>>;
};
export type GapWeek = { week: string; from_ms: Instant; to_ms: Instant; devices: DeviceWeek[] };

export type DeadLetter = { id: number; at_ms: Instant; line: string; words: string };

export type DecisionWord =
  | "normal"
  | "watch"
  | "slow"
  | "stop_loading"
  | "clear_and_suspend"
  | "suspend"
  | "do_not_open";
export type Opinion = { name: string; role: string; at_ms: Instant; text: string; dissent: boolean };
export type Decision = {
  ropeway: string;
  decision: DecisionWord;
  speed_mps: number | null;
  note: string;
  name: string;
  at_ms: Instant;
};
export type ConsultationHead = {
  id: RecordId;
  number: string;
  opened_ms: Instant;
  opened_by: string;
  trigger: Both;
  alarm: RecordId | null;
  ropeways: string[];
  state: "open" | "decided" | "closed";
  sha256: string;
  closed_ms: Instant | null;
  closed_by: string | null;
};
export type Consultation = ConsultationHead & {
  brief: string;
  opinions: Opinion[];
  decisions: Decision[];
};
export type BriefSample = {
  tag: string;
  name: Both;
  value: number | null;
  quality: number;
  age_ms: number | null;
  unit: string;
};
export type Curve = Series & { name: Both; unit: string };
export type Brief = {
  frozen_ms: Instant;
  trigger: Alarm | null;
  samples: BriefSample[];
  curves: Curve[];
  alarms: Alarm[];
  ropeways: {
    id: string;
    name: Both;
    advice: AdviceWord;
    reasons: Both[];
    clear_time_s: ClearTime;
    passengers: number | null;
  }[];
  devices_online: number;
  devices: number;
};

export type Task = {
  id: RecordId;
  kind: string;
  title: Both;
  ropeway: string;
  rope: string | null;
  test_point: string | null;
  due_ms: Instant;
  state: "due" | "overdue" | "done";
  opened_ms: Instant;
  alarm: RecordId | null;
  test: RecordId | null;
  result: "pass" | "fail" | null;
  note: string;
  name: string | null;
  done_ms: Instant | null;
};

export type * from "./wirePeople";
export type * from "./wireRules";
export type * from "./wireAlarms";
export type * from "./wireBypasses";
export type * from "./wireNotices";
export type * from "./wireRopes";
