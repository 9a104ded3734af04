// The past of any tags over any span, with what is missing and why.
import { useEffect, useState } from "preact/hooks";
import { api } from "../api";
import { say, texts } from "../i18n";
import { siteNow } from "../live/feed";
import { TagPicker } from "../panels/TagPicker";
import { TrendGaps, TrendTable, csvOf } from "../panels/TrendFigures";
import { TrendLane } from "../panels/TrendLane";
import { usePolled } from "../polled";
import { link } from "../router";
import { tagNamed } from "../site";
import { dayMinute, span } from "../time";
import { MOST_LANES, SPANS_S, type View, moved, readView, writeView, zoomed } from "../trends";
import type { History } from "../wire";

const BUCKETS = 900;
const ASK_AGAIN_S = 20;

function SpanChoice({ view, choose }: { view: View; choose: (view: View) => void }) {
  const t = texts().trends;
  return (
    <fieldset class="choice" aria-label={t.span}>
      {SPANS_S.map((span_s) => (
        <button
          key={span_s}
          type="button"
          aria-pressed={span_s === view.span_s}
          data-testid={`trend-span-${span_s}`}
          onClick={() => choose({ ...view, span_s })}
        >
          {t.spans[span_s]}
        </button>
      ))}
    </fieldset>
  );
}

function Steps({ view, choose }: { view: View; choose: (view: View) => void }) {
  const t = texts().trends;
  const now_ms = siteNow();
  return (
    <fieldset class="choice" aria-label={t.move}>
      <button type="button" title={t.earlier} aria-label={t.earlier} onClick={() => choose(moved(view, -0.5, now_ms))}>
        ◀
      </button>
      <button type="button" title={t.later} aria-label={t.later} onClick={() => choose(moved(view, 0.5, now_ms))}>
        ▶
      </button>
      <button
        type="button"
        aria-pressed={view.end_ms === null}
        onClick={() => choose({ ...view, end_ms: null })}
      >
        {t.now}
      </button>
    </fieldset>
  );
}

/** How fine the answer is: the server gives samples where they are few, else minutes or hours. */
function resolution(history: History): string {
  const t = texts().trends;
  if (history.bucket_ms >= 3_600_000) return t.fromHours(span(history.bucket_ms));
  return t.each(span(history.bucket_ms) || "1 s");
}

function save(history: History): void {
  const place = URL.createObjectURL(new Blob([csvOf(history)], { type: "text/csv" }));
  const anchor = document.createElement("a");
  anchor.href = place;
  anchor.download = `ropewatch-${new Date(history.from_ms).toISOString().slice(0, 16).replace(/:/g, "")}.csv`;
  anchor.click();
  URL.revokeObjectURL(place);
}

function Legend() {
  const t = texts().trends;
  return (
    <p class="legend muted">
      <span class="sample missing" /> {t.missing} <span class="sample doubted" /> {t.doubted}
    </p>
  );
}

function Figures({ history }: { history: History }) {
  const t = texts().trends;
  return (
    <>
      <section class="panel block" aria-labelledby="why-title">
        <h3 id="why-title">{t.why}</h3>
        <TrendGaps history={history} now_ms={siteNow()} />
      </section>
      <details class="panel block">
        <summary>{t.table}</summary>
        <p>
          <button type="button" data-testid="trend-csv" onClick={() => save(history)}>
            {t.csv}
          </button>
        </p>
        <div class="groups">
          {history.series.map((one) => (
            <TrendTable key={one.tag} series={one} />
          ))}
        </div>
      </details>
    </>
  );
}

export function TrendsPage({ id }: { id: string }) {
  const [view, setView] = useState<View>(() => readView(id));
  const choose = (next: View) => setView(next);
  // The address follows what is shown, so that it can be sent to somebody.
  useEffect(() => history.replaceState(null, "", link.trend(writeView(view))), [view]);
  const end = () => view.end_ms ?? siteNow();
  const asked = usePolled(
    () => api.history(view.tags, end() - view.span_s * 1000, end(), BUCKETS),
    view.end_ms === null ? ASK_AGAIN_S : 3600,
    [view],
  );
  const t = texts().trends;
  const answer = asked.answer;
  const shown = {
    from_s: (answer?.from_ms ?? end() - view.span_s * 1000) / 1000,
    to_s: (answer?.to_ms ?? end()) / 1000,
  };
  return (
    <div class="stack trends">
      <div class="title-row">
        <h2>{texts().nav.trends}</h2>
        <span class="muted" data-testid="trend-resolution">
          {answer ? `${dayMinute(answer.from_ms)} – ${dayMinute(answer.to_ms)} · ${resolution(answer)}` : ""}
        </span>
      </div>
      <div class="title-row">
        <SpanChoice view={view} choose={choose} />
        <Steps view={view} choose={choose} />
        {view.tags.length < MOST_LANES ? (
          <TagPicker chosen={view.tags} add={(tag) => choose({ ...view, tags: [...view.tags, tag] })} />
        ) : (
          <span class="muted">{t.full}</span>
        )}
      </div>
      {asked.refusal ? (
        <p class="panel empty" role="alert">
          {say(asked.refusal.title)} {asked.refusal.detail}
        </p>
      ) : null}
      <div class="lanes">
        {view.tags.map((name) => {
          const tag = tagNamed(name);
          return tag ? (
            <TrendLane
              key={name}
              tag={tag}
              series={answer?.series.find((one) => one.tag === name)}
              span={shown}
              zoom={({ from_s, to_s }) => choose(zoomed(view, from_s, to_s))}
              remove={() => choose({ ...view, tags: view.tags.filter((one) => one !== name) })}
            />
          ) : null;
        })}
      </div>
      <Legend />
      {answer ? <Figures history={answer} /> : null}
    </div>
  );
}
