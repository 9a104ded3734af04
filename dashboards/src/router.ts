// Which page the address names: `#/ropeway/north` is page "ropeway" of "north".
import { signal } from "@preact/signals";

export type Route = { page: string; id: string };

function read(): Route {
  const [page = "", id = ""] = location.hash.replace(/^#\/?/, "").split("/");
  return { page: page || "overview", id: decodeURIComponent(id) };
}

export const route = signal<Route>(read());

addEventListener("hashchange", () => {
  route.value = read();
  scrollTo(0, 0);
});

export const link = {
  overview: "#/",
  ropeway: (id: string) => `#/ropeway/${encodeURIComponent(id)}`,
  alarms: "#/alarms",
  consultations: "#/consultations",
  consultation: (id: string | number) => `#/consultations/${encodeURIComponent(id)}`,
  ropes: "#/ropes",
  rope: (id: string) => `#/ropes/${encodeURIComponent(id)}`,
  trends: "#/trends",
  trend: (view: string) => `#/trends/${encodeURIComponent(view)}`,
  tasks: "#/tasks",
  health: "#/health",
  alarmHistory: "#/alarm-history",
  alarmQuality: "#/alarm-quality",
  notices: "#/notices",
  rules: "#/rules",
  ruleSet: (id: number) => `#/rules/${id}`,
  account: "#/account",
  people: "#/people",
  journal: "#/journal",
};
