// The safety circuits of a ropeway: closed, open, or not known.
import { say, texts } from "../i18n";
import { readingAt } from "../live/board";
import { believable, look, lookClass, reason } from "../quality";
import { tagAt } from "../site";
import type { Both, Ropeway } from "../wire";

function Circuit({ name, slot }: { name: Both; slot: number }) {
  const reading = readingAt(slot).value;
  const is = look(reading.quality, reading.old);
  const t = texts().overview;
  const open = believable(reading) && reading.value === 0;
  const unknown = !believable(reading);
  const said = open ? t.open : unknown ? reason(reading.quality, reading.old) || t.unknown : "";
  return (
    <span
      class={`circuit ${open ? "open" : ""} ${lookClass[is]}`}
      data-tag={tagAt(slot)?.id}
      data-quality={is}
    >
      {said ? `${say(name)} ${said}` : say(name)}
    </span>
  );
}

export function SafetyCircuits({ way }: { way: Ropeway }) {
  return (
    <div class="circuits">
      <span class="muted">{texts().overview.safety}</span>
      {way.safety_circuits.map(({ name, slot }) => (
        <Circuit key={slot} name={name} slot={slot} />
      ))}
    </div>
  );
}
