// Every channel: what it is, where its secret stands, whether its last test arrived.
import { perform } from "../acting";
import { api } from "../api";
import { say, texts } from "../i18n";
import { number } from "../numbers";
import { may } from "../session";
import { when } from "../time";
import type { NoticeChannel } from "../wire";

function LastTest({ channel, now_ms }: { channel: NoticeChannel; now_ms: number }) {
  const t = texts().notices;
  const test = channel.last_test;
  if (!test) return <span class="muted">{t.neverTested}</span>;
  const failed = test.state === "waiting" && test.attempts.length > 0;
  return (
    <>
      <span class={failed ? "lacking" : ""}>{t.states[test.state]}</span>{" "}
      <small class="muted">{when(test.settled_ms ?? test.made_ms, now_ms)}</small>
    </>
  );
}

function Row({ channel, now_ms, again }: { channel: NoticeChannel; now_ms: number; again: () => void }) {
  const t = texts().notices;
  const test = async () => {
    if (await perform(() => api.testChannel(channel.id))) again();
  };
  return (
    <tr data-channel={channel.id} class={channel.undelivered > 0 ? "bad" : ""}>
      <td class="wide">
        <b>{say(channel.name)}</b>
        <br />
        <small class="muted">
          {t.kinds[channel.kind]} {channel.place}
        </small>
      </td>
      <td class="muted" data-label={t.secret}>
        {channel.secret}
      </td>
      <td class="number" data-label={t.waiting}>
        <span class={channel.undelivered > 0 ? "lacking" : ""}>{number(channel.waiting, 0)}</span>
      </td>
      <td data-label={t.lastTest}>
        <LastTest channel={channel} now_ms={now_ms} />
      </td>
      <td>
        <button type="button" hidden={!may("test_channels")} onClick={() => void test()}>
          {t.test}
        </button>
      </td>
    </tr>
  );
}

type Props = { channels: NoticeChannel[]; test_at: string; now_ms: number; again: () => void };

export function ChannelTable({ channels, test_at, now_ms, again }: Props) {
  const t = texts().notices;
  if (channels.length === 0) return <p class="panel empty">{t.noChannels}</p>;
  return (
    <section class="panel block">
      <h3>
        {t.channels} <span class="muted">{t.testAt(test_at)}</span>
      </h3>
      <table class="devices">
        <thead>
          <tr>
            <th>{t.channel}</th>
            <th>{t.secret}</th>
            <th class="number">{t.waiting}</th>
            <th>{t.lastTest}</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {channels.map((one) => (
            <Row key={one.id} channel={one} now_ms={now_ms} again={again} />
          ))}
        </tbody>
      </table>
    </section>
  );
}
