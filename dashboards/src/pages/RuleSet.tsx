// One set of rules: what it changes, what stored days make of it, and the second person's signature.
import { useEffect, useState } from "preact/hooks";
import { perform } from "../acting";
import { api } from "../api";
import { say, texts } from "../i18n";
import { changes, differences } from "../diff";
import { siteNow } from "../live/feed";
import { maybe } from "../numbers";
import { Mark } from "../panels/Mark";
import { ReplayJob } from "../panels/ReplayJob";
import { SignDialog } from "../panels/Signature";
import { usePolled } from "../polled";
import { caller, may } from "../session";
import { dayMinute } from "../time";
import type { Replayed, ReplayedAlarm, RuleSet } from "../wire";
import { setState } from "./Rules";

const DAY_MS = 86_400_000;
const SPANS = [1, 7, 30];
/** How often the replay under way is looked at, and how often one that somebody else may begin. */
const BRISK_S = 1;
const CALM_S = 5;

function Difference({ one, text }: { one: RuleSet; text: string }) {
  const t = texts().rules;
  const shown = changes(differences(text, one.text));
  return (
    <section class="panel block">
      <h3>{t.difference}</h3>
      {shown.length === 0 ? <p class="muted">{t.noDifference}</p> : null}
      <pre class="diff" tabIndex={0} data-testid="rules-diff">
        {shown.map((line, at) =>
          line === null ? (
            <span key={at} class="muted">{"…\n"}</span>
          ) : (
            <span key={at} class={line.sign === " " ? "" : line.sign === "-" ? "gone" : "fresh"}>
              {`${line.sign} ${line.text}\n`}
            </span>
          ),
        )}
      </pre>
    </section>
  );
}

function Listed({ title, alarms, count }: { title: string; alarms: ReplayedAlarm[]; count: number }) {
  return (
    <details>
      <summary>
        {title} <b>{count}</b>
      </summary>
      <table>
        <tbody>
          {alarms.map((one) => (
            <tr key={`${one.source}${one.raised_ms}`}>
              <td class="mark-cell">
                <Mark priority={one.priority} past />
              </td>
              <td class="nowrap">{dayMinute(one.raised_ms)}</td>
              <td>{one.source}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

function Found({ found }: { found: Replayed }) {
  const t = texts();
  return (
    <div data-testid="replayed">
      <p>
        {t.rules.replayedOver(dayMinute(found.from_ms), dayMinute(found.to_ms))}
        {t.separator}
        {t.rules.replayCounts(found.before, found.after)} <code class="small muted">
          {found.before_version.slice(0, 12)} → {found.after_version.slice(0, 12)}
        </code>
      </p>
      <Listed title={t.rules.gone} alarms={found.gone} count={found.gone_count} />
      <Listed title={t.rules.new} alarms={found.new} count={found.new_count} />
      <table>
        <tbody>
          {found.measures
            .filter((one) => one.before !== one.after)
            .map((one) => (
              <tr key={one.id}>
                <td>{t.alarms.measures[one.id] ?? one.id}</td>
                <td class="number">{maybe(one.before, 2)}</td>
                <td class="number">→ {maybe(one.after, 2)}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}

function Replay({ one, again }: { one: RuleSet; again: () => void }) {
  const t = texts().rules;
  const [pace, setPace] = useState(CALM_S);
  const newest = usePolled(() => api.newestReplay(), pace, []);
  const job = newest.answer?.replay ?? null;
  const running = job?.state === "running";
  useEffect(() => setPace(running ? BRISK_S : CALM_S), [running]);
  // What it found is on record as soon as it is no longer under way.
  useEffect(again, [job?.state]);
  const waits = one.state === "proposed" || one.state === "approved";
  const allowed = may("propose_rules", "site");
  const replay = (days: number) => {
    const to_ms = Math.floor(siteNow());
    const asked = perform(() => api.replayRules(one.id, to_ms - days * DAY_MS, to_ms));
    void asked.then(newest.again);
  };
  return (
    <section class="panel block">
      <h3>{t.replay}</h3>
      {waits && allowed ? (
        <div class="acts">
          {SPANS.map((days) => (
            <button
              key={days}
              type="button"
              disabled={running}
              data-testid={`replay-${days}`}
              onClick={() => replay(days)}
            >
              {t.lastDays(days)}
            </button>
          ))}
        </div>
      ) : null}
      {job ? <ReplayJob job={job} own={job.set_id === one.id} allowed={allowed} again={newest.again} /> : null}
      {one.replayed ? <Found found={one.replayed} /> : <p class="muted">{t.notReplayed}</p>}
    </section>
  );
}

function Deeds({ one, again }: { one: RuleSet; again: () => void }) {
  const t = texts().rules;
  const [signing, setSigning] = useState(false);
  const own = one.proposed_by === caller.value?.name;
  return (
    <div class="acts">
      {one.state === "proposed" && may("approve_rules", "site") ? (
        own ? (
          <span class="muted">{t.ownProposal}</span>
        ) : (
          <button type="button" class="primary" data-testid="approve" onClick={() => setSigning(true)}>
            {t.approve}
          </button>
        )
      ) : null}
      {(one.state === "proposed" || one.state === "approved") && may("propose_rules", "site") ? (
        <button
          type="button"
          data-testid="withdraw"
          onClick={() => void perform(() => api.withdrawRules(one.id)).then(again)}
        >
          {t.withdraw}
        </button>
      ) : null}
      {signing ? (
        <SignDialog
          title={t.approveTitle(one.id)}
          explain={one.replayed ? t.approveExplain : t.approveUnseen}
          deed={(password) => api.approveRules(one.id, password)}
          done={again}
          onClose={() => setSigning(false)}
        />
      ) : null}
    </div>
  );
}

export function RuleSetPage({ id }: { id: string }) {
  const t = texts().rules;
  const { answer: one, refusal, again } = usePolled(() => api.ruleSet(id), 10, [id]);
  const sets = usePolled(() => api.ruleSets(), 10, []);
  if (!one || !sets.answer) {
    return <p class="panel empty">{refusal ? say(refusal.title) : texts().charts.loading}</p>;
  }
  return (
    <div class="stack">
      <div class="title-row">
        <h2>{t.number(one.id)}</h2>
        <b>{setState(one)}</b>
        <span class="muted">{t.by(one.proposed_by, dayMinute(one.proposed_ms))}</span>
        {one.approved_by ? <span class="muted">{t.approvedBy(one.approved_by)}</span> : null}
        <code class="small muted">{one.version.slice(0, 12)}</code>
      </div>
      <p>{one.why}</p>
      <Deeds one={one} again={again} />
      <Difference one={one} text={sets.answer.text} />
      <Replay one={one} again={again} />
    </div>
  );
}
