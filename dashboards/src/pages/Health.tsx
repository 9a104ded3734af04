// The health of the monitor itself: can what the other pages show be trusted.
import { api } from "../api";
import { say, texts } from "../i18n";
import { siteNow } from "../live/feed";
import { DeviceTable } from "../panels/DeviceTable";
import { GapTable } from "../panels/GapTable";
import { GapWeeks } from "../panels/GapWeeks";
import { KeepingPanels } from "../panels/KeepingPanels";
import { usePolled } from "../polled";
import { link } from "../router";
import { span } from "../time";

const LEDGER_MS = 86_400_000;

export function HealthPage(_: { id: string }) {
  const { answer: health, refusal } = usePolled(() => api.health(), 2, []);
  const gaps = usePolled(() => api.gaps(siteNow() - LEDGER_MS, siteNow()), 30, []);
  const t = texts();
  return (
    <div class="stack">
      <h2>
        {t.health.title}{" "}
        <span class="muted after">
          {health ? t.health.upFor(span(health.now_ms - health.started_ms)) : ""}
        </span>
        <a class="chip after" href={link.notices}>
          {t.notices.title}
        </a>
      </h2>
      {refusal ? (
        <p class="panel empty" role="alert">
          {say(refusal.title)}
        </p>
      ) : null}
      {health ? (
        <>
          <DeviceTable devices={health.devices} now_ms={health.now_ms} />
          <KeepingPanels health={health} />
        </>
      ) : null}
      <GapWeeks />
      <GapTable gaps={gaps.answer?.gaps ?? null} now_ms={health?.now_ms ?? siteNow()} />
    </div>
  );
}
