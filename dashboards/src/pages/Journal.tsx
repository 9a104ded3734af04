// The journal: every change with its hour and its name, and whether the chain holds.
import { useState } from "preact/hooks";
import { attempt } from "../acting";
import { api } from "../api";
import { say, texts } from "../i18n";
import { usePolled } from "../polled";
import { dayMinute } from "../time";
import type { ChainState, JournalEntry } from "../wire";

const AT_ONCE = 50;

function Chain() {
  const t = texts().journal;
  const [found, setFound] = useState<ChainState | null>(null);
  const [busy, setBusy] = useState(false);
  const reckon = async () => {
    setBusy(true);
    setFound(await attempt(() => api.chain()));
    setBusy(false);
  };
  return (
    <>
      <button type="button" class="end" disabled={busy} data-testid="verify-chain" onClick={() => void reckon()}>
        {t.verify}
      </button>
      {found ? (
        <p role="status" class={found.broken === null ? "" : "lacking"} data-testid="chain">
          {found.broken === null ? t.whole(found.entries) : t.broken(found.broken)}
          {found.sha256 ? <code class="small"> {found.sha256.slice(0, 16)}</code> : null}
        </p>
      ) : null}
    </>
  );
}

function Row({ one }: { one: JournalEntry }) {
  const t = texts().journal;
  const { records: _, ...said } = one.body;
  return (
    <tr>
      <td class="nowrap">{one.seq}</td>
      <td class="nowrap">{dayMinute(one.at_ms)}</td>
      <th scope="row">{one.who}</th>
      <td>{t.whats[one.what] ?? one.what}</td>
      <td class="nowrap">{one.subject}</td>
      <td>
        <details>
          <summary>{t.body}</summary>
          <pre class="small">{JSON.stringify(said, null, 1)}</pre>
          <code class="small">{one.sha256}</code>
        </details>
      </td>
    </tr>
  );
}

type Filter = { who: string; subject: string; before: number | null };

function Filters({ filter, set }: { filter: Filter; set: (next: Filter) => void }) {
  const t = texts().journal;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const answers = new FormData(event.target as HTMLFormElement);
    const word = (name: string) => String(answers.get(name) ?? "").trim();
    set({ who: word("who"), subject: word("subject"), before: null });
  };
  return (
    <form class="filters" onSubmit={submit}>
      <label>
        {t.who}
        <input name="who" maxLength={60} defaultValue={filter.who} data-testid="journal-who" />
      </label>
      <label>
        {t.subject}
        <input name="subject" maxLength={80} placeholder="alarm 12" defaultValue={filter.subject} />
      </label>
      <button type="submit">{t.show}</button>
    </form>
  );
}

export function JournalPage(_: { id: string }) {
  const t = texts().journal;
  const [filter, setFilter] = useState<Filter>({ who: "", subject: "", before: null });
  const { answer, refusal } = usePolled(() => api.journal(filter, AT_ONCE), 15, [filter]);
  const entries = answer?.entries ?? [];
  const oldest = entries.at(-1)?.seq ?? 1;
  return (
    <div class="stack">
      <div class="title-row">
        <h2>{t.title}</h2>
        <Chain />
      </div>
      <Filters filter={filter} set={setFilter} />
      {refusal ? <p class="lacking">{say(refusal.title)}</p> : null}
      <section class="panel block scroll" tabIndex={0}>
        <table>
          <thead>
            <tr>
              {[t.seq, t.at, t.who, t.what, t.subject, t.body].map((head) => (
                <th scope="col" key={head}>
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {entries.map((one) => (
              <Row key={one.seq} one={one} />
            ))}
          </tbody>
        </table>
        {answer && entries.length === 0 ? <p class="muted">{t.nothing}</p> : null}
      </section>
      <div class="acts">
        {filter.before !== null ? (
          <button type="button" onClick={() => setFilter({ ...filter, before: null })}>
            {t.newest}
          </button>
        ) : null}
        {oldest > 1 && entries.length === AT_ONCE ? (
          <button type="button" data-testid="older" onClick={() => setFilter({ ...filter, before: oldest })}>
            {t.older}
          </button>
        ) : null}
      </div>
    </div>
  );
}
