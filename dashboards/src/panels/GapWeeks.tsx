// How much of each device is missing in each of the last weeks, and why.
import { api } from "../api";
import { say, texts } from "../i18n";
import { number } from "../numbers";
import { usePolled } from "../polled";
import { deviceNamed } from "../site";
import { span } from "../time";
import type { DeviceWeek, GapCause, GapWeek } from "../wire";

const ASK_AGAIN_S = 120;

/** A share in words that tell a little from a lot: never 0 % where something is missing. */
const share = (part: number): string =>
  part < 0.0001 ? "< 0.01 %" : `${number(part * 100, part < 0.01 ? 2 : 1)} %`;

function Cell({ week }: { week: DeviceWeek | undefined }) {
  const t = texts().health;
  if (!week) return <td class="muted">{t.present}</td>;
  const causes = Object.entries(week.by_cause_ms) as [GapCause, number][];
  const why = causes.map(([cause, ms]) => `${t.causes[cause] ?? cause} ${span(ms)}`).join(texts().separator);
  return (
    <td title={why}>
      <b>{share(week.missing_share)}</b> <span class="muted">{span(week.missing_ms)}</span>
      <br />
      <span class="muted">{why}</span>
    </td>
  );
}

export function GapWeeks() {
  const { answer } = usePolled(() => api.gapWeeks(), ASK_AGAIN_S, []);
  const t = texts().health;
  const weeks: GapWeek[] = answer?.weeks ?? [];
  const devices = [...new Set(weeks.flatMap((week) => week.devices.map((one) => one.device)))];
  const touched = weeks.filter((week) => week.devices.length > 0);
  return (
    <section class="panel block" aria-labelledby="weeks-title">
      <h3 id="weeks-title">{t.weeks}</h3>
      {answer && devices.length === 0 ? <p class="muted">{t.weeksNone}</p> : null}
      {devices.length > 0 ? (
        <div class="scrolling">
          <table class="weeks">
            <thead>
              <tr>
                <th>{t.device}</th>
                {touched.map((week) => (
                  <th key={week.week}>{week.week}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {devices.map((device) => (
                <tr key={device}>
                  <td class="wide">{say(deviceNamed(device)?.name) || device}</td>
                  {touched.map((week) => (
                    <Cell key={week.week} week={week.devices.find((one) => one.device === device)} />
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
    </section>
  );
}
