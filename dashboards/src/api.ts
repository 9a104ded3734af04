// The one file that knows URLs: every question asked of the monitor and every act sent to it.
import type * as w from "./wire";

/** The monitor's own words when it refuses. */
export class Refusal extends Error {
  constructor(
    readonly title: w.Both,
    readonly detail: string,
  ) {
    super(`${title.en} ${detail}`);
  }
}

const UNREACHABLE: w.Both = { zh: "监测主机无应答", en: "The monitor does not answer" };

function refusalOf(body: unknown, status: number): Refusal {
  const said = body as Partial<{ title: w.Both; detail: unknown }> | null;
  const title = said?.title?.zh ? said.title : { zh: `被拒绝（${status}）`, en: `Refused (${status})` };
  return new Refusal(title, typeof said?.detail === "string" ? said.detail : "");
}

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, { cache: "no-store", ...init });
  } catch (error) {
    throw new Refusal(UNREACHABLE, String(error));
  }
  const body: unknown = await answer.json().catch(() => null);
  if (!answer.ok) throw refusalOf(body, answer.status);
  return body as T;
}

function act<T>(path: string, body: object): Promise<T> {
  return ask<T>(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** About two samples for each pixel of the widest trace. */
const TRACE_POINTS = 4000;

const part = (piece: string | number): string => encodeURIComponent(piece);

export const liveUrl = (): string => {
  const url = new URL("/api/live", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.hash = "";
  return url.href;
};

export const api = {
  site: () => ask<w.Site>("/api/site"),
  health: () => ask<w.Health>("/api/health"),
  gaps: (from_ms: number, to_ms: number) =>
    ask<{ gaps: w.Gap[] }>(`/api/gaps?from_ms=${Math.floor(from_ms)}&to_ms=${Math.ceil(to_ms)}`),
  gapWeeks: () => ask<{ weeks: w.GapWeek[] }>("/api/gaps/weeks?weeks=8"),
  deadLetters: (limit: number) => ask<{ letters: w.DeadLetter[] }>(`/api/influx/dead-letters?limit=${limit}`),
  lettersUrl: "/api/influx/dead-letters.lp",
  retryLetters: (name: string) => act<{ stored: number }>("/api/influx/dead-letters/retry", { name }),
  dropLetters: (name: string, ids: number[]) =>
    act<{ dropped: number }>("/api/influx/dead-letters/drop", { name, ids }),
  refill: (name: string) => act<{ scans: number }>("/api/influx/back-fill", { name, from_ms: null }),
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
  testChannel: (channel: string, name: string) => act<w.Message>("/api/notices/test", { name, channel }),
  retryMessage: (id: w.RecordId, name: string) =>
    act<w.Message>(`/api/notices/${part(id)}/retry`, { name }),
  alarms: (state: "open" | "all", limit = 200) =>
    ask<{ alarms: w.Alarm[] }>(`/api/alarms?state=${state}&limit=${limit}`),
  acknowledge: (alarm: w.RecordId, name: string, comment = "") =>
    act<w.Alarm>(`/api/alarms/${part(alarm)}/acknowledge`, { name, comment }),
  alarmAct: (alarm: w.RecordId, deed: "reset" | "unshelve" | "put-back", name: string) =>
    act<w.Alarm>(`/api/alarms/${part(alarm)}/${deed}`, { name }),
  shelve: (alarm: w.RecordId, name: string, reason: string, for_s: number) =>
    act<w.Alarm>(`/api/alarms/${part(alarm)}/shelve`, { name, reason, for_s }),
  kpi: () => ask<w.Kpi>("/api/alarms/kpi"),
  rules: () => ask<{ version: string; classes: w.AlarmClass[] }>("/api/rules"),
  consultations: () => ask<{ consultations: w.ConsultationHead[] }>("/api/consultations"),
  consultation: (id: w.RecordId | string) => ask<w.Consultation>(`/api/consultations/${part(id)}`),
  openConsultation: (body: { name: string; reason: string; ropeways: string[] }) =>
    act<w.Consultation>("/api/consultations", body),
  giveOpinion: (id: w.RecordId, body: { name: string; role: string; text: string; dissent: boolean }) =>
    act<w.Consultation>(`/api/consultations/${part(id)}/opinions`, body),
  decide: (
    id: w.RecordId,
    body: {
      name: string;
      ropeway: string;
      decision: w.DecisionWord;
      speed_mps: number | null;
      note: string;
    },
  ) => act<w.Consultation>(`/api/consultations/${part(id)}/decisions`, body),
  closeConsultation: (id: w.RecordId, name: string) =>
    act<w.Consultation>(`/api/consultations/${part(id)}/close`, { name }),
  ropeTests: (rope?: string, limit = 200) =>
    ask<{ tests: w.RopeTest[] }>(`/api/rope-tests?limit=${limit}${rope ? `&rope=${part(rope)}` : ""}`),
  ropeTest: (id: w.RecordId) =>
    ask<w.RopeTestWithTrace>(`/api/rope-tests/${part(id)}?points=${TRACE_POINTS}`),
  trend: (rope: string, testPoint: string) =>
    ask<w.Trend>(`/api/ropes/${part(rope)}/trend?test_point=${part(testPoint)}`),
  tasks: (state: "open" | "all") => ask<{ tasks: w.Task[] }>(`/api/tasks?state=${state}`),
  closeTask: (id: w.RecordId, body: { name: string; result: "pass" | "fail"; note: string }) =>
    act<w.Task>(`/api/tasks/${part(id)}/close`, body),
};
