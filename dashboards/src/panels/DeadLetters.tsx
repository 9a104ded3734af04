// Lines that InfluxDB refused for good, and what can be done: send again, take along, drop, fill again.
import { useState } from "preact/hooks";
import { perform } from "../acting";
import { api } from "../api";
import { texts } from "../i18n";
import { usePolled } from "../polled";
import { may } from "../session";
import { dayMinute } from "../time";

const MOST_SHOWN = 50;

export function DeadLetters({ count }: { count: number }) {
  const [open, show] = useState(false);
  const t = texts().health;
  const letters = usePolled(
    () => (open ? api.deadLetters(MOST_SHOWN) : Promise.resolve({ letters: [] })),
    30,
    [open, count],
  );
  const act = async (deed: () => Promise<unknown>) => {
    if (await perform(deed)) letters.again();
  };
  const shown = letters.answer?.letters ?? [];
  return (
    <>
      <p class="acts" hidden={!may("tend_history")}>
        <button
          type="button"
          title={t.refillTitle}
          data-testid="refill"
          onClick={() => void act(api.refill)}
        >
          {t.refill}
        </button>
        {count > 0 ? (
          <>
            <button type="button" aria-expanded={open} onClick={() => show(!open)}>
              {t.letters}
            </button>
            <button type="button" onClick={() => void act(api.retryLetters)}>
              {t.retry}
            </button>
            <a href={api.lettersUrl} download>
              {t.download}
            </a>
          </>
        ) : null}
      </p>
      {open && shown.length > 0 ? (
        <table>
          <tbody>
            {shown.map((one) => (
              <tr key={one.id}>
                <td class="nowrap muted">{dayMinute(one.at_ms)}</td>
                <td class="wide">
                  <code>{one.line}</code>
                  <br />
                  <span class="muted">{one.words}</span>
                </td>
                <td>
                  <button type="button" onClick={() => void act(() => api.dropLetters([one.id]))}>
                    {t.drop}
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
    </>
  );
}
