// Whether what was read is kept and judged: history, InfluxDB, rule engine, queues.
import type { ComponentChildren } from "preact";
import { texts } from "../i18n";
import { bytes, maybe, number } from "../numbers";
import { span } from "../time";
import type { Health } from "../wire";
import { DeadLetters } from "./DeadLetters";

type Fact = [name: string, value: ComponentChildren];

function Facts({
  title,
  state,
  alarming,
  reason,
  facts,
  children,
}: {
  children?: ComponentChildren;
  title: string;
  state: string;
  alarming: boolean;
  reason: string;
  facts: Fact[];
}) {
  return (
    <section class={`panel block facts-panel ${alarming ? "bad" : ""}`}>
      <h3>
        {title} <span class={alarming ? "lacking" : "muted"}>{state}</span>
      </h3>
      {reason ? <p>{reason}</p> : null}
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt class="muted">{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {children}
    </section>
  );
}

const ago = (at_ms: number | null, now_ms: number): string =>
  at_ms === null ? "—" : texts().time.ago(span(now_ms - at_ms));

function Thinned({ history }: { history: Health["history"] }) {
  const { thinned_samples, thinned_unsent } = history;
  return (
    <span class={thinned_samples > 0 ? "lacking" : ""}>
      {number(thinned_samples, 0)}
      {thinned_unsent > 0 ? ` (${texts().health.thinnedUnsent(number(thinned_unsent, 0))})` : ""}
    </span>
  );
}

function HistoryFacts({ health }: { health: Health }) {
  const t = texts().health;
  const { history, now_ms } = health;
  return (
    <Facts
      title={t.history}
      state={t.historyStates[history.state]}
      alarming={history.state !== "ok" || history.dropped > 0}
      reason={history.reason}
      facts={[
        [t.lastCommit, ago(history.last_commit_ms, now_ms)],
        [t.commitTime, `${maybe(history.commit_p99_ms, 1)} ms`],
        [t.lateTime, `${maybe(history.late_p99_ms, 0)} ms`],
        [t.scans, number(history.scans, 0)],
        [t.waiting, number(history.waiting, 0)],
        [t.size, `${bytes(history.bytes)} / ${bytes(history.cap_bytes)}`],
        [t.diskLeft, history.disk_left_bytes === null ? "—" : bytes(history.disk_left_bytes)],
        [t.dropped, number(history.dropped, 0)],
        [t.thinned, <Thinned key="thinned" history={history} />],
      ]}
    />
  );
}

function InfluxFacts({ health }: { health: Health }) {
  const t = texts().health;
  const { influx, now_ms } = health;
  if (!influx) return <Facts title={t.influx} state="" alarming={false} reason={t.influxNone} facts={[]} />;
  return (
    <Facts
      title={t.influx}
      state={t.influxStates[influx.state]}
      alarming={influx.state === "refused" || influx.state === "waiting"}
      reason={influx.reason}
      facts={[
        [t.unsent, ago(influx.oldest_unsent_ms, now_ms)],
        [t.backlog, number(influx.backlog_scans, 0)],
        [t.drainRate, t.perSecond(number(influx.samples_per_s, 0))],
        [t.sent, number(influx.sent, 0)],
        [
          t.deadLetters,
          <b key="letters" class={influx.dead_letters > 0 ? "lacking" : ""}>
            {number(influx.dead_letters, 0)}
          </b>,
        ],
      ]}
    >
      <DeadLetters count={influx.dead_letters} />
    </Facts>
  );
}

function EngineFacts({ health }: { health: Health }) {
  const t = texts().health;
  const { engine, live, now_ms } = health;
  const stopped = engine.unjudged_ms === null ? "" : texts().alarms.stopped;
  return (
    <Facts
      title={t.engine}
      state={stopped}
      alarming={engine.dropped > 0 || Boolean(engine.failing || stopped)}
      reason={engine.failing ?? ""}
      facts={[
        [t.lastScan, ago(engine.last_scan_ms, now_ms)],
        [t.rules, number(engine.rules, 0)],
        [t.active, number(engine.active, 0)],
        [t.dropped, number(engine.dropped, 0)],
        [`${t.live} ${t.clients}`, number(live.clients, 0)],
      ]}
    />
  );
}

function Queues({ health }: { health: Health }) {
  const t = texts().health;
  return (
    <section class="panel block">
      <h3>{t.queues}</h3>
      <table>
        <thead>
          <tr>
            <th>{t.queue}</th>
            <th class="number">{t.depth}</th>
            <th class="number">{t.dropped}</th>
          </tr>
        </thead>
        <tbody>
          {health.subscribers.map((queue) => (
            <tr key={queue.name}>
              <td>{queue.name}</td>
              <td class="number">
                {number(queue.depth, 0)}/{number(queue.capacity, 0)}
              </td>
              <td class="number">
                <span class={queue.dropped > 0 ? "lacking" : ""}>{number(queue.dropped, 0)}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

export function KeepingPanels({ health }: { health: Health }) {
  return (
    <div class="keeping">
      <HistoryFacts health={health} />
      <InfluxFacts health={health} />
      <EngineFacts health={health} />
      <Queues health={health} />
    </div>
  );
}
