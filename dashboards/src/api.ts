// The one file that knows URLs: every question asked of the monitor and every act sent to it.
import { signal } from "@preact/signals";
import type * as w from "./wire";

/** Grows each time that the monitor takes us for a stranger. */
export const strangers = signal(0);

/** The monitor's own words when it refuses. */
export class Refusal extends Error {
  constructor(
    readonly title: w.Both,
    readonly detail: string,
    /** Whether the monitor could not answer now, rather than would not. */
    readonly passing = false,
  ) {
    super(`${title.en} ${detail}`);
  }
}

const SESSION = "/api/session";
const UNREACHABLE: w.Both = { zh: "监测主机无应答", en: "The monitor does not answer" };

function refusalOf(body: unknown, status: number): Refusal {
  const said = body as Partial<{ title: w.Both; detail: unknown }> | null;
  const title = said?.title?.zh ? said.title : { zh: `被拒绝（${status}）`, en: `Refused (${status})` };
  return new Refusal(title, typeof said?.detail === "string" ? said.detail : "", status >= 500);
}

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, { cache: "no-store", ...init });
  } catch (error) {
    throw new Refusal(UNREACHABLE, String(error), true);
  }
  const body: unknown = await answer.json().catch(() => null);
  if (answer.status === 401 && path !== SESSION) strangers.value++;
  if (!answer.ok) throw refusalOf(body, answer.status);
  return body as T;
}

function act<T>(path: string, body: object = {}, method = "POST"): Promise<T> {
  return ask<T>(path, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** A question that has only given parts. */
const query = (parts: Record<string, string | number | null>): string =>
  Object.entries(parts)
    .filter(([, value]) => value !== null && value !== "")
    .map(([name, value]) => `${name}=${encodeURIComponent(value as string | number)}`)
    .join("&");

const MOST_TRACE_POINTS = 4000;
/** About two samples for each pixel that the trace may take here. */
const tracePoints = (): number =>
  Math.min(MOST_TRACE_POINTS, Math.max(400, Math.ceil(2 * innerWidth * devicePixelRatio)));

const part = (piece: string | number): string => encodeURIComponent(piece);

export const liveUrl = (): string => {
  const url = new URL("/api/live", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.hash = "";
  return url.href;
};

export const api = {
  session: () => ask<w.Who>(SESSION),
  logIn: (login: string, password: string) => act<w.Who>(SESSION, { login, password }),
  logOut: () => act<w.Who>(SESSION, {}, "DELETE"),
  choosePassword: (old: string, fresh: string) => act<w.Who>(`${SESSION}/password`, { old, new: fresh }),
  people: () => ask<{ people: w.PersonOnRecord[] }>("/api/people"),
  addPerson: (body: w.PersonWish & { login: string }) => act<w.OneTime>("/api/people", body),
  changePerson: (id: w.RecordId, body: w.PersonWish & { active: boolean }) =>
    act<{ person: w.PersonOnRecord }>(`/api/people/${part(id)}`, body, "PUT"),
  resetPassword: (id: w.RecordId, password: string) =>
    act<w.OneTime>(`/api/people/${part(id)}/reset`, { password }),
  keys: () => ask<{ keys: w.AccessKey[] }>("/api/keys"),
  makeKey: (body: w.KeyWish) => act<{ key: w.AccessKey; token: string }>("/api/keys", body),
  endKey: (id: w.RecordId) => act<{ key: w.AccessKey }>(`/api/keys/${part(id)}`, {}, "DELETE"),
  journal: (of: { who: string; subject: string; before: number | null }, limit: number) =>
    ask<{ entries: w.JournalEntry[] }>(`/api/journal?${query({ ...of, limit })}`),
  chain: () => ask<w.ChainState>("/api/journal/chain"),
  site: () => ask<w.Site>("/api/site"),
  health: () => ask<w.Health>("/api/health"),
  gaps: (from_ms: number, to_ms: number) =>
    ask<{ gaps: w.Gap[] }>(`/api/gaps?from_ms=${Math.floor(from_ms)}&to_ms=${Math.ceil(to_ms)}`),
  gapWeeks: () => ask<{ weeks: w.GapWeek[] }>("/api/gaps/weeks?weeks=8"),
  deadLetters: (limit: number) => ask<{ letters: w.DeadLetter[] }>(`/api/influx/dead-letters?limit=${limit}`),
  lettersUrl: "/api/influx/dead-letters.lp",
  retryLetters: () => act<{ stored: number }>("/api/influx/dead-letters/retry"),
  dropLetters: (ids: number[]) => act<{ dropped: number }>("/api/influx/dead-letters/drop", { ids }),
  refill: () => act<{ scans: number }>("/api/influx/back-fill", { from_ms: null }),
  history: (tags: readonly string[], from_ms: number, to_ms: number, buckets: number) =>
    ask<w.History>(
      `/api/history?tags=${tags.map(part).join(",")}&from_ms=${Math.floor(from_ms)}` +
        `&to_ms=${Math.ceil(to_ms)}&buckets=${buckets}`,
    ),
  wall: () => ask<w.Wall>("/api/notices/wall"),
  messages: (limit = 50) =>
    ask<{ wall: w.Wall; flood: boolean; notices: w.Message[] }>(`/api/notices?limit=${limit}`),
  channels: () =>
    ask<{ test_at: string; channels: w.NoticeChannel[]; duty: w.OnRoster[] }>("/api/notices/channels"),
  testChannel: (channel: string) => act<w.Message>("/api/notices/test", { channel }),
  retryMessage: (id: w.RecordId) => act<w.Message>(`/api/notices/${part(id)}/retry`),
  alarms: (state: "open" | "all", limit = 200) =>
    ask<{ alarms: w.Alarm[] }>(`/api/alarms?state=${state}&limit=${limit}`),
  alarmHistory: (of: w.AlarmsWanted, limit: number) =>
    ask<{ alarms: w.Alarm[] }>(`/api/alarms/history?${query({ ...of, limit })}`),
  acknowledge: (alarm: w.RecordId, comment = "") =>
    act<w.Alarm>(`/api/alarms/${part(alarm)}/acknowledge`, { comment }),
  alarmAct: (alarm: w.RecordId, deed: "reset" | "unshelve" | "put-back") =>
    act<w.Alarm>(`/api/alarms/${part(alarm)}/${deed}`),
  shelve: (alarm: w.RecordId, reason: string, for_s: number) =>
    act<w.Alarm>(`/api/alarms/${part(alarm)}/shelve`, { reason, for_s }),
  takeOut: (body: { source: string; reason: string; for_s: number } & w.SecondSigns) =>
    act<w.Alarm>("/api/alarms/out-of-service", body),
  bypasses: () => ask<w.Register>("/api/bypasses"),
  enterBypass: (wish: w.BypassWish) => act<w.Bypass>("/api/bypasses", wish),
  renewBypass: (id: w.RecordId, body: { for_s: number } & w.SecondSigns) =>
    act<w.Bypass>(`/api/bypasses/${part(id)}/renew`, body),
  endBypass: (id: w.RecordId, note: string) => act<w.Bypass>(`/api/bypasses/${part(id)}/end`, { note }),
  kpi: () => ask<w.Kpi>("/api/alarms/kpi"),
  rules: () => ask<{ version: string; rules: w.Rule[]; classes: w.AlarmClass[] }>("/api/rules"),
  ruleSets: () => ask<w.RuleSets>("/api/rule-sets"),
  ruleSet: (id: string) => ask<w.RuleSet>(`/api/rule-sets/${part(id)}`),
  checkRules: (text: string) => act<{ faults: string[] }>("/api/rule-sets/check", { text }),
  proposeRules: (text: string, why: string) => act<w.RuleSet>("/api/rule-sets", { text, why }),
  replayRules: (id: w.RecordId, from_ms: number, to_ms: number) =>
    act<w.Replaying>(`/api/rule-sets/${part(id)}/replay`, { from_ms: Math.max(0, from_ms), to_ms }),
  newestReplay: () => ask<{ replay: w.Replaying | null }>("/api/rule-sets/replay"),
  callOffReplay: () => act<w.Replaying>("/api/rule-sets/replay/call-off"),
  approveRules: (id: w.RecordId, password: string) =>
    act<w.RuleSet>(`/api/rule-sets/${part(id)}/approve`, { password }),
  withdrawRules: (id: w.RecordId) => act<w.RuleSet>(`/api/rule-sets/${part(id)}/withdraw`),
  consultations: () => ask<{ consultations: w.ConsultationHead[] }>("/api/consultations"),
  consultation: (id: w.RecordId | string) => ask<w.Consultation>(`/api/consultations/${part(id)}`),
  openConsultation: (body: { reason: string; ropeways: string[] }) =>
    act<w.Consultation>("/api/consultations", body),
  giveOpinion: (id: w.RecordId, body: { role: string; text: string; dissent: boolean }) =>
    act<w.Consultation>(`/api/consultations/${part(id)}/opinions`, body),
  decide: (
    id: w.RecordId,
    body: {
      password: string;
      ropeway: string;
      decision: w.DecisionWord;
      speed_mps: number | null;
      note: string;
    },
  ) => act<w.Consultation>(`/api/consultations/${part(id)}/decisions`, body),
  closeConsultation: (id: w.RecordId, password: string) =>
    act<w.Consultation>(`/api/consultations/${part(id)}/close`, { password }),
  ropeTests: (rope?: string, limit = 200) =>
    ask<{ tests: w.RopeTest[] }>(`/api/rope-tests?limit=${limit}${rope ? `&rope=${part(rope)}` : ""}`),
  ropeTest: (id: w.RecordId) =>
    ask<w.RopeTestWithTrace>(`/api/rope-tests/${part(id)}?points=${tracePoints()}`),
  trend: (rope: string, testPoint: string) =>
    ask<w.Trend>(`/api/ropes/${part(rope)}/trend?test_point=${part(testPoint)}`),
  tasks: (state: "open" | "all") => ask<{ tasks: w.Task[] }>(`/api/tasks?state=${state}`),
  closeTask: (id: w.RecordId, body: { password: string; result: "pass" | "fail"; note: string }) =>
    act<w.Task>(`/api/tasks/${part(id)}/close`, body),
};
