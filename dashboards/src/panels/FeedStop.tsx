// The big words when no frame comes any more: a page must never look live when it is not.
import { useEffect, useState } from "preact/hooks";
import { texts } from "../i18n";
import { feedLive, frameAgeTenths, lastFrameMs } from "../live/feed";
import { site } from "../site";
import { clock, span } from "../time";

/** A page just opened is given this long to connect before it is called stopped in big letters. */
const PATIENCE_MS = 1500;

export function FeedStop() {
  const [patient, setPatient] = useState(true);
  useEffect(() => {
    const timer = setTimeout(() => setPatient(false), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  if (feedLive.value || (patient && lastFrameMs.value === null)) return null;
  const t = texts().feed;
  const since = lastFrameMs.value;
  const silent_ms = Math.floor(frameAgeTenths.value / 10) * 1000;
  return (
    <div class="feed-stop" role="alert">
      <strong>{t.title}</strong>
      <span>{since === null || !site.value ? t.never : t.since(clock(since), span(silent_ms))}</span>
    </div>
  );
}
