// Who was told of what: channels and their tests, the roster, and every message with its receipts.
import { api } from "../api";
import { say, texts } from "../i18n";
import { siteSecond } from "../live/feed";
import { ChannelTable } from "../panels/ChannelTable";
import { MessageList } from "../panels/MessageList";
import { RosterTable } from "../panels/RosterTable";
import { usePolled } from "../polled";

export function Notices(_: { id: string }) {
  const known = usePolled(() => api.channels(), 5, []);
  const sent = usePolled(() => api.messages(), 3, []);
  const t = texts().notices;
  const now_ms = siteSecond.value * 1000;
  const again = () => {
    known.again();
    sent.again();
  };
  const wall = sent.answer?.wall;
  const calm = wall && wall.undelivered + wall.failed_tests + wall.untold === 0;
  const anySent = (sent.answer?.notices.length ?? 0) > 0;
  const channelNamed = (id: string) =>
    say(known.answer?.channels.find((one) => one.id === id)?.name) || id;
  const named = (user: string) => say(known.answer?.duty.find((one) => one.user === user)?.name) || user;
  return (
    <div class="stack">
      <h2>
        {t.title} <span class="muted after">{calm && anySent ? t.calm : ""}</span>
      </h2>
      {sent.answer?.flood ? <p class="panel empty">{t.flood}</p> : null}
      {known.answer ? (
        <>
          <ChannelTable
            channels={known.answer.channels}
            test_at={known.answer.test_at}
            now_ms={now_ms}
            again={again}
          />
          <RosterTable people={known.answer.duty} channelNamed={channelNamed} />
        </>
      ) : null}
      {sent.answer ? (
        <MessageList
          messages={sent.answer.notices}
          now_ms={now_ms}
          again={again}
          named={named}
          channelNamed={channelNamed}
        />
      ) : null}
    </div>
  );
}
