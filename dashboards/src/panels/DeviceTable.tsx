// Every device: is it there, does it keep its period, how old is what it brought.
import { say, texts } from "../i18n";
import { maybe, number } from "../numbers";
import { ropewayNamed } from "../site";
import { age, when } from "../time";
import type { DeviceHealth } from "../wire";

function Errors({ errors }: { errors: Record<string, number> }) {
  const rows = Object.entries(errors).filter(([, count]) => count > 0);
  if (rows.length === 0) return <span class="muted">{texts().health.noErrors}</span>;
  return <>{rows.map(([kind, count]) => `${kind} ${number(count, 0)}`).join(texts().comma)}</>;
}

/** How well it keeps its period, and what went wrong. */
function Figures({ device }: { device: DeviceHealth }) {
  const t = texts().health;
  return (
    <>
      <td class="number" data-label={t.age}>
        {device.age_ms === null ? "—" : age(device.age_ms)}
      </td>
      <td class="number" data-label={t.period}>
        {number(device.period_s, 2)} s
      </td>
      <td class="number" data-label={t.kept}>
        {maybe(device.period_kept_pct, 1)} %
      </td>
      <td class="number" data-label={t.lateness}>
        {maybe(device.lateness_p99_ms, 1)} ms
      </td>
      <td class="number" data-label={t.tags}>
        <span class={device.good_tags < device.tags ? "lacking" : ""}>
          {device.good_tags}/{device.tags}
        </span>
      </td>
      <td class="number" data-label={t.reconnects}>
        {number(device.reconnects, 0)}
      </td>
      <td data-label={t.errors}>
        <Errors errors={device.errors} />
      </td>
    </>
  );
}

function Device({ device, now_ms }: { device: DeviceHealth; now_ms: number }) {
  const t = texts().health;
  const away = device.state !== "online";
  return (
    <tr class={away ? "bad" : ""} data-device={device.id} data-state={device.state}>
      <td class="wide">
        <b>{say(device.name) || device.id}</b>
        <small class="muted"> {say(ropewayNamed(device.ropeway)?.name)}</small>
        <br />
        <small class="muted">
          {device.protocol} {device.address}
        </small>
      </td>
      <td data-label={t.state}>
        <b class={away ? "lacking" : ""}>{t.states[device.state]}</b>{" "}
        <small class="muted">
          {t.since} {when(device.since_ms, now_ms)}
        </small>
        {device.reason ? <div class="reason">{device.reason}</div> : null}
      </td>
      <Figures device={device} />
    </tr>
  );
}

export function DeviceTable({ devices, now_ms }: { devices: DeviceHealth[]; now_ms: number }) {
  const t = texts().health;
  const away = (device: DeviceHealth) => (device.state === "online" ? 1 : 0);
  return (
    <section class="panel block" aria-labelledby="devices-title">
      <h3 id="devices-title">{t.devices}</h3>
      <table class="devices">
        <thead>
          <tr>
            <th>{t.device}</th>
            <th>{t.state}</th>
            <th class="number">{t.age}</th>
            <th class="number">{t.period}</th>
            <th class="number">{t.kept}</th>
            <th class="number">{t.lateness}</th>
            <th class="number">{t.tags}</th>
            <th class="number">{t.reconnects}</th>
            <th>{t.errors}</th>
          </tr>
        </thead>
        <tbody>
          {[...devices]
            .sort((a, b) => away(a) - away(b))
            .map((device) => (
              <Device key={device.id} device={device} now_ms={now_ms} />
            ))}
        </tbody>
      </table>
    </section>
  );
}
