// The messages: what each said, to whom, what the service answered, who has seen it.
import { perform } from "../acting";
import { api } from "../api";
import { texts } from "../i18n";
import { language } from "../preferences";
import { may } from "../session";
import { when } from "../time";
import type { Message } from "../wire";
import { Mark } from "./Mark";

/** The first line in the language of the screen: messages say everything twice, Chinese first. */
function headline(message: Message): string {
  const english = message.text.split("\n\n")[1]?.split("\n")[0];
  return language.value === "en" && english ? english : message.title;
}

function Receipts({ message, named }: { message: Message; named: (user: string) => string }) {
  const t = texts().notices;
  return (
    <>
      {message.receipts.map((one) => (
        <div key={one.person}>
          {named(one.person)}{" "}
          <small class={one.delivered_ms === null ? "lacking" : "muted"}>
            {one.seen_ms !== null ? t.seen : one.delivered_ms !== null ? t.delivered : t.notYet}
          </small>
        </div>
      ))}
    </>
  );
}

function Attempts({ message, now_ms }: { message: Message; now_ms: number }) {
  const t = texts().notices;
  const last = message.attempts[message.attempts.length - 1];
  if (!last) return null;
  const { outcome, words, at_ms } = last;
  return (
    <small class="muted tried">
      {t.attempts(message.attempts.length)}
      {texts().separator}
      {when(at_ms, now_ms)} <span class={outcome === "delivered" ? "" : "lacking"}>{t.outcomes[outcome]}</span>
      {outcome === "delivered" ? "" : `${texts().colon}${words}`}
    </small>
  );
}

type Rows = {
  now_ms: number;
  again: () => void;
  named: (user: string) => string;
  channelNamed: (id: string) => string;
};

function Row({ message, now_ms, again, named, channelNamed }: Rows & { message: Message }) {
  const t = texts().notices;
  const waits = message.state === "waiting";
  const late = waits && now_ms >= message.late_ms;
  const retry = async () => {
    if (await perform(() => api.retryMessage(message.id))) again();
  };
  return (
    <tr data-message={message.id} class={late ? "bad" : ""}>
      <td class="wide">
        <Mark priority={message.priority} past={!waits} />{" "}
        <details class="said">
          <summary>{headline(message)}</summary>
          <pre>{message.text}</pre>
        </details>
        <Attempts message={message} now_ms={now_ms} />
      </td>
      <td class="nowrap" data-label={t.madeAt}>
        {when(message.made_ms, now_ms)}
      </td>
      <td data-label={t.channel}>
        {channelNamed(message.channel)} <small class="muted">{t.messageKinds[message.kind]}</small>
      </td>
      <td data-label={t.to}>
        <Receipts message={message} named={named} />
      </td>
      <td class="nowrap">
        <span class={waits ? "lacking" : "muted"}>{late ? t.late : t.states[message.state]}</span>
        {waits && may("answer_alarms") ? (
          <div>
            <button type="button" data-testid={`retry-${message.id}`} onClick={() => void retry()}>
              {t.retry}
            </button>
          </div>
        ) : null}
      </td>
    </tr>
  );
}

export function MessageList({ messages, ...rows }: Rows & { messages: Message[] }) {
  const t = texts().notices;
  if (messages.length === 0) return <p class="panel empty">{t.noMessages}</p>;
  return (
    <section class="panel block">
      <h3>{t.messages}</h3>
      <table class="devices">
        <tbody>
          {messages.map((one) => (
            <Row key={one.id} message={one} {...rows} />
          ))}
        </tbody>
      </table>
    </section>
  );
}
