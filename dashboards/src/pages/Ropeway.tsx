// One ropeway: advice, line profile, live trends, and every tag it has.
import { useState } from "preact/hooks";
import { say, texts } from "../i18n";
import { advice } from "../live/board";
import { number } from "../numbers";
import { AdviceBox } from "../panels/AdviceBox";
import { AlarmBanner } from "../panels/AlarmBanner";
import { LineProfile } from "../panels/LineProfile";
import { SafetyCircuits } from "../panels/SafetyCircuits";
import { Strip } from "../panels/Strip";
import { TagTable } from "../panels/TagTable";
import { link } from "../router";
import { ropewayNamed, site } from "../site";
import { minutes } from "../time";
import type { Ropeway } from "../wire";

const SPANS_S = [600, 3600, 10800] as const;

function ClearTimes({ way }: { way: Ropeway }) {
  const t = texts().advice;
  const clear = advice.value.ropeways.find((one) => one.ropeway === way.id)?.clear_time_s;
  const shown = (seconds: number | null | undefined) =>
    seconds === null || seconds === undefined ? "—" : minutes(seconds);
  return (
    <dl class="facts-row">
      {(
        [
          [t.clearNow, clear?.now],
          [t.clearFull, clear?.full],
          [t.clearEmergency, clear?.emergency],
        ] as const
      ).map(([name, seconds]) => (
        <div key={name}>
          <dt class="muted">{name}</dt>
          <dd class="value">{shown(seconds)}</dd>
        </div>
      ))}
    </dl>
  );
}

function Others({ way }: { way: Ropeway }) {
  return (
    <nav class="others" aria-label={texts().nav.ropeway}>
      {site.value?.ropeways.map((one) => (
        <a key={one.id} href={link.ropeway(one.id)} aria-current={one.id === way.id ? "page" : undefined}>
          {say(one.name)}
        </a>
      ))}
    </nav>
  );
}

function SpanChoice({ span_s, choose }: { span_s: number; choose: (span_s: number) => void }) {
  return (
    <fieldset class="choice" aria-label={texts().ropeway.strips}>
      {SPANS_S.map((one) => (
        <button
          key={one}
          type="button"
          aria-pressed={one === span_s}
          data-testid={`span-${one}`}
          onClick={() => choose(one)}
        >
          {texts().ropeway.spans[one]}
        </button>
      ))}
    </fieldset>
  );
}

export function RopewayPage({ id }: { id: string }) {
  const [span_s, choose] = useState<number>(3600);
  const way = ropewayNamed(id);
  const t = texts();
  if (!way) return <p class="panel empty">{t.ropeway.unknown}</p>;
  return (
    <div class="ropeway-page">
      <AlarmBanner />
      <div class="title-row">
        <h2>{say(way.name)}</h2>
        <span class="muted">
          {[t.kinds[way.kind] ?? way.kind, `${number(way.length_m, 0)} m`].join(t.separator)}
        </span>
        <Others way={way} />
      </div>
      <section class="panel lie">
        <AdviceBox ropeway={way.id} />
        <LineProfile way={way} />
        <ClearTimes way={way} />
        <SafetyCircuits way={way} />
      </section>
      <div class="title-row">
        <h2>{t.ropeway.strips}</h2>
        <SpanChoice span_s={span_s} choose={choose} />
      </div>
      <div class="strips">
        {way.indicators.map((indicator) => (
          <Strip key={indicator.name.en} indicator={indicator} span_s={span_s} />
        ))}
      </div>
      <h2>{t.ropeway.allTags}</h2>
      <TagTable ropeway={way.id} />
    </div>
  );
}
