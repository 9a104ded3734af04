// The frozen brief of a consultation: values, lines, curves, alarms of that moment, and its hash.
import { useState } from "preact/hooks";
import { type HashCheck, useBrief, useHashCheck } from "../brief";
import { say, texts } from "../i18n";
import { maybe } from "../numbers";
import { DASH, look, lookClass, reason } from "../quality";
import { tagNamed } from "../site";
import { age as ageOf, clock, minutes, when } from "../time";
import type { Brief, BriefSample, Consultation } from "../wire";
import { alarmText } from "./AlarmBanner";
import { CurveChart } from "./CurveChart";
import { Mark } from "./Mark";

const PHONE_PX = 760;

function Hash({ sha256, check }: { sha256: string; check: HashCheck }) {
  const [whole, setWhole] = useState(false);
  const t = texts().consultations;
  return (
    <span class="hash">
      <button
        type="button"
        class="quiet"
        title={whole ? t.hashHide : t.hashShow}
        data-testid="hash"
        onClick={() => setWhole(!whole)}
      >
        {t.hash} <code>{whole ? sha256 : `${sha256.slice(0, 4)}…${sha256.slice(-4)}`}</code>
      </button>
      {check === "same" ? <span class="muted">{t.hashMatches}</span> : null}
      {check === "different" ? <strong role="alert">{t.hashDiffers}</strong> : null}
    </span>
  );
}

function Sample({ sample }: { sample: BriefSample }) {
  const t = texts();
  const is = look(sample.quality);
  const gone = is === "bad" || sample.value === null;
  const decimals = tagNamed(sample.tag)?.decimals ?? 1;
  const age = sample.age_ms === null ? "" : t.consultations.ageAgo(ageOf(sample.age_ms));
  return (
    <div class={`sunk ${lookClass[is]}`} data-tag={sample.tag} data-quality={is}>
      <span class="muted">{say(sample.name)}</span>
      <span class="figure">
        <b class="value">{gone ? DASH : maybe(sample.value, decimals)}</b>
        <span class="unit">{sample.unit}</span>
        <small class="muted"> {[reason(sample.quality), age].filter(Boolean).join(t.separator)}</small>
      </span>
    </div>
  );
}

function Lines({ brief }: { brief: Brief }) {
  const t = texts();
  const time = (seconds: number | null) => (seconds === null ? DASH : minutes(seconds));
  return (
    <>
      <h4>{t.consultations.briefLines}</h4>
      {brief.ropeways.map((way) => (
        <div class="line-then" key={way.id}>
          <b>{say(way.name)}</b> <span>{t.advice.words[way.advice]}</span>
          <span class="muted">
            {[
              t.consultations.clear(time(way.clear_time_s.now), time(way.clear_time_s.emergency)),
              way.passengers === null
                ? t.consultations.passengersUnknown
                : t.consultations.passengers(maybe(way.passengers, 0)),
            ].join(t.separator)}
          </span>
          <ul class="muted">
            {way.reasons.map((why) => (
              <li key={why.en}>{say(why)}</li>
            ))}
          </ul>
        </div>
      ))}
    </>
  );
}

/** The curve of what set it off; the others beside it, folded away on a phone. */
function Curves({ brief }: { brief: Brief }) {
  const first = brief.curves.find((curve) => curve.tag === brief.trigger?.tag) ?? brief.curves[0];
  const others = brief.curves.filter((curve) => curve !== first);
  return (
    <>
      <div class="curves">{first ? <CurveChart curve={first} /> : null}</div>
      {others.length > 0 ? (
        <details open={innerWidth > PHONE_PX}>
          <summary>{texts().consultations.otherCurves(others.length)}</summary>
          <div class="curves">
            {others.map((curve) => (
              <CurveChart key={curve.tag} curve={curve} />
            ))}
          </div>
        </details>
      ) : null}
    </>
  );
}

function AlarmsThen({ brief }: { brief: Brief }) {
  if (brief.alarms.length === 0) return null;
  return (
    <>
      <h4>{texts().consultations.briefAlarms}</h4>
      <ul class="then">
        {brief.alarms.map((alarm) => (
          <li key={alarm.id}>
            <Mark priority={alarm.priority} />{" "}
            <span class="muted">{when(alarm.raised_ms, brief.frozen_ms)}</span> {alarmText(alarm)}
          </li>
        ))}
      </ul>
    </>
  );
}

export function BriefPanel({ one }: { one: Consultation }) {
  const brief = useBrief(one.brief);
  const check = useHashCheck(one.brief, one.sha256);
  const t = texts().consultations;
  return (
    <section class="panel block brief" aria-labelledby="brief-title">
      <h3 id="brief-title">
        {t.brief} <span class="muted">{brief ? t.frozenAt(clock(brief.frozen_ms)) : ""}</span>
        <Hash sha256={one.sha256} check={check} />
      </h3>
      {brief ? (
        <>
          <div class="evidence">
            {brief.samples.map((sample) => (
              <Sample key={sample.tag} sample={sample} />
            ))}
          </div>
          <p class="muted">{t.devices(brief.devices_online, brief.devices)}</p>
          <Curves brief={brief} />
          <Lines brief={brief} />
          <AlarmsThen brief={brief} />
        </>
      ) : (
        <p class="lacking">{t.briefBroken}</p>
      )}
    </section>
  );
}
