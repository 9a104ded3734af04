// What the page shows and could not be renewed, since when and why: a few words, on every page.
import { say, texts } from "../i18n";
import { unanswered } from "../polled";
import { clock } from "../time";

export function UnansweredChip() {
  const all = [...unanswered.value.values()];
  if (all.length === 0) return null;
  const oldest = all.reduce((one, other) => (other.since_ms < one.since_ms ? other : one));
  return (
    <div role="status" data-testid="unanswered">
      <span class="untold">
        {texts().feed.notRenewed(clock(oldest.since_ms), say(oldest.refusal.title))}
      </span>
    </div>
  );
}
