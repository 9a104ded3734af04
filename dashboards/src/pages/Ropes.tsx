// All ropes with the newest test of each of their test points.
import { api } from "../api";
import { say, texts } from "../i18n";
import { siteSecond } from "../live/feed";
import { number } from "../numbers";
import { VerdictChip } from "../panels/Verdict";
import { usePolled } from "../polled";
import { link } from "../router";
import { testsOf, worstWindow } from "../ropes";
import { site } from "../site";
import { day, span } from "../time";
import type { Rope, RopeTest, TestPoint } from "../wire";

function ropeFacts(rope: Rope): string[] {
  const t = texts();
  const length = rope.loop ? t.ropes.loopLength : t.ropes.length;
  return [
    t.ropes.kinds[rope.kind] ?? rope.kind,
    rope.construction,
    t.ropes.diameter(number(rope.diameter_mm, 1)),
    t.ropes.area(number(rope.metallic_area_mm2, 0)),
    length(number(rope.length_m, 0)),
    rope.installed ? t.ropes.installed(rope.installed) : "",
  ].filter(Boolean);
}

/** What a rope is made of, each fact unbroken. */
export function RopeFacts({ rope, before = "" }: { rope: Rope; before?: string }) {
  return (
    <span class="muted facts-inline">
      {[before, ...ropeFacts(rope)].filter(Boolean).map((fact, at) => (
        <span key={fact}>{at === 0 ? fact : `${texts().separator}${fact}`}</span>
      ))}
    </span>
  );
}

function ShareBar({ share }: { share: number }) {
  const level = share >= 1 ? "level1" : share >= 0.9 ? "level2" : "";
  return (
    <span class="share" role="img" aria-label={texts().ropes.ofLimit(number(share * 100, 0))}>
      <span class={`filled ${level}`} style={{ width: `${Math.min(100, share * 100)}%` }} />
    </span>
  );
}

function Point({ rope, point, tests }: { rope: Rope; point: TestPoint; tests: RopeTest[] }) {
  const t = texts();
  const newest = testsOf(tests, rope, point)[0];
  const worst = newest ? worstWindow(newest) : undefined;
  const now_ms = Math.floor(siteSecond.value / 60) * 60_000;
  return (
    <tr>
      <td class="wide">
        {say(point.name)}
        <small class="muted"> {number(point.position_m, 0)} m</small>
      </td>
      <td class="nowrap">
        {newest ? (
          <>
            {day(newest.ended_ms)} <small class="muted">{t.time.ago(span(now_ms - newest.ended_ms))}</small>
          </>
        ) : (
          <b>{t.ropes.never}</b>
        )}
      </td>
      <td class="share-cell">{worst ? <ShareBar share={worst.share} /> : null}</td>
      <td class="nowrap">{worst ? t.ropes.ofLimit(number(worst.share * 100, 0)) : ""}</td>
      <td>{newest ? <VerdictChip verdict={newest.verdict} /> : null}</td>
    </tr>
  );
}

export function Ropes(_: { id: string }) {
  const { answer } = usePolled(() => api.ropeTests(undefined, 500), 30, []);
  const t = texts().ropes;
  const ropes = site.value?.ropeways.flatMap((way) => way.ropes.map((rope) => ({ way, rope }))) ?? [];
  return (
    <div class="stack">
      <h2>{t.title}</h2>
      <div class="rope-cards">
        {ropes.map(({ way, rope }) => (
          <section key={rope.id} class="panel block">
            <h3>
              <a href={link.rope(rope.id)}>{say(rope.name)}</a>
              <span class="muted">{say(way.name)}</span>
            </h3>
            <RopeFacts rope={rope} />
            <table class="stacking">
              <tbody>
                {rope.test_points.map((point) => (
                  <Point key={point.id} rope={rope} point={point} tests={answer?.tests ?? []} />
                ))}
              </tbody>
            </table>
          </section>
        ))}
      </div>
    </div>
  );
}
