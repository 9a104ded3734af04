// The top of every page: where we are, that it is simulated, the clock, the age of the data, the sound.
import { texts, say } from "../i18n";
import { devicesOnline } from "../live/board";
import { frameAgeTenths, lastFrameMs, siteSecond } from "../live/feed";
import { soundState, unlockSound } from "../live/horn";
import { muted, setMuted } from "../preferences";
import { site } from "../site";
import { clock, day } from "../time";
import { Choices } from "./Choices";
import { WhoIsHere } from "./WhoIsHere";

function Clock() {
  const now_ms = siteSecond.value * 1000;
  return (
    <time class="clock" title={day(now_ms)}>
      {clock(now_ms)}
    </time>
  );
}

function DataAge() {
  const t = texts().header;
  if (lastFrameMs.value === null) return <span>{t.noData}</span>;
  return <span class="data-age">{t.dataAge((frameAgeTenths.value / 10).toFixed(1))}</span>;
}

function Devices() {
  const { online, all } = devicesOnline.value;
  const t = texts().header;
  if (online === all) return <span>{t.allOnline(online, all)}</span>;
  return <strong class="lacking">{t.someOnline(online, all)}</strong>;
}

function Sound() {
  const state = soundState();
  const change = () => {
    if (state === "blocked") void unlockSound();
    else setMuted(!muted.value);
  };
  return (
    <button type="button" class={`quiet sound-${state}`} data-testid="sound" onClick={change}>
      {texts().header.sound[state]}
    </button>
  );
}

export function Header({ children }: { children: preact.ComponentChildren }) {
  const known = site.value;
  const t = texts().header;
  return (
    <header class="top">
      <h1>{say(known?.name)}</h1>
      {known?.simulated ? <span class="sim">{t.simulated}</span> : null}
      {known && known.speed !== 1 ? <span class="chip">{t.fast(String(known.speed))}</span> : null}
      {children}
      <Clock />
      <div class="status muted">
        <DataAge />
        <Devices />
        <Sound />
        <WhoIsHere />
        <Choices />
      </div>
    </header>
  );
}
