// A live value as every page shows it: figures, unit, and its doubt.
import { readingAt } from "../live/board";
import { siteSecond } from "../live/feed";
import { begun } from "../judge";
import { doubt, look, lookClass, shown } from "../quality";
import { tagAt } from "../site";

export function Shown({ slot, unit = true, why = false }: { slot: number; unit?: boolean; why?: boolean }) {
  const reading = readingAt(slot).value;
  const tag = tagAt(slot);
  const is = look(reading.quality, reading.old);
  // The age is read only where it is shown, so that a good tile does not repaint each second.
  const because = is === "good" ? "" : doubt(reading, siteSecond.value * 1000, begun(tag, reading));
  return (
    <span class={`shown ${lookClass[is]}`} data-tag={tag?.id} data-quality={is} title={because || undefined}>
      <span class="value">{shown(reading, tag)}</span>
      {unit && tag?.unit ? <span class="unit">{tag.unit}</span> : null}
      {why && because ? <span class="why">{because}</span> : null}
    </span>
  );
}
