// How good the alarms are for the desk: figures against targets, what comes most, what floods.
import type { ComponentChildren } from "preact";
import { api } from "../api";
import { texts } from "../i18n";
import { number } from "../numbers";
import { AlarmFigures } from "../panels/AlarmFigures";
import { usePolled } from "../polled";
import { link } from "../router";
import { dayMinute, span } from "../time";

function Rows({ title, none, children }: { title: string; none: boolean; children: ComponentChildren }) {
  return (
    <section class="panel block">
      <h3>{title}</h3>
      {none ? <p class="muted">{texts().alarms.noneOfThese}</p> : null}
      <table>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}

export function AlarmQuality(_: { id: string }) {
  const t = texts().alarms;
  const { answer } = usePolled(() => api.kpi(), 60, []);
  const { busiest = [], floods = [], chattering = [], stale = [] } = answer ?? {};
  return (
    <div class="stack">
      <div class="title-row">
        <h2>{t.quality}</h2>
        <a class="chip end" href={link.alarms}>
          {t.open}
        </a>
      </div>
      <div class="pair">
        <AlarmFigures />
        <div class="stack">
          <Rows title={t.busiest} none={busiest.length === 0}>
            {busiest.map((one) => (
              <tr key={one.source}>
                <td class="wide">{one.source}</td>
                <td class="number value">{number(one.alarms, 0)}</td>
              </tr>
            ))}
          </Rows>
          <Rows title={t.floods} none={floods.length === 0}>
            {floods.map((one) => (
              <tr key={one.from_ms}>
                <td class="wide">{dayMinute(one.from_ms)}</td>
                <td class="nowrap">{span(one.to_ms - one.from_ms)}</td>
              </tr>
            ))}
          </Rows>
          <Rows title={t.measures["chattering"] ?? ""} none={chattering.length === 0}>
            {chattering.map((source) => (
              <tr key={source}>
                <td>{source}</td>
              </tr>
            ))}
          </Rows>
          <Rows title={t.measures["stale"] ?? ""} none={stale.length === 0}>
            {stale.map((source) => (
              <tr key={source}>
                <td>{source}</td>
              </tr>
            ))}
          </Rows>
        </div>
      </div>
    </div>
  );
}
