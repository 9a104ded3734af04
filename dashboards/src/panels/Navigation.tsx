// The way to the pages: a row at the top on a wide screen, a bar at the bottom on a phone.
import { texts } from "../i18n";
import { openAlarms } from "../live/board";
import { firsts, needsAcknowledging } from "../judge";
import { link, route } from "../router";

const PAGES = ["overview", "alarms", "consultations", "ropes", "trends", "tasks", "health"] as const;

export function Navigation() {
  const t = texts().nav;
  const waiting = firsts(openAlarms.value).filter(needsAcknowledging).length;
  return (
    <nav class="pages" aria-label={t.label}>
      {PAGES.map((page) => (
        <a key={page} href={link[page]} aria-current={route.value.page === page ? "page" : undefined}>
          {t[page]}
          {page === "alarms" && waiting > 0 ? <b class="waiting">{waiting}</b> : null}
        </a>
      ))}
    </nav>
  );
}
