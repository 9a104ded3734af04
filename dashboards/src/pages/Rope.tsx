// One rope: the weekly trend of a test point, its tests, the trace and the weeks along the rope.
import { useState } from "preact/hooks";
import { api } from "../api";
import { say, texts } from "../i18n";
import { number } from "../numbers";
import { TestTable } from "../panels/TestTable";
import { TracePanel } from "../panels/TracePanel";
import { TrendPanel } from "../panels/TrendPanel";
import { VerdictChip } from "../panels/Verdict";
import { Waterfall } from "../panels/Waterfall";
import { usePolled } from "../polled";
import { testsOf } from "../ropes";
import { ropeNamed } from "../site";
import type { RecordId, Rope, RopeTest, RopeTestWithTrace, TestPoint } from "../wire";
import { RopeFacts } from "./Ropes";

const WEEKS_BELOW_EACH_OTHER = 12;

/** Traces never change once taken, so each is asked for once. */
const kept = new Map<RecordId, Promise<RopeTestWithTrace>>();

function traceOf(id: RecordId): Promise<RopeTestWithTrace> {
  const known = kept.get(id) ?? api.ropeTest(id);
  kept.set(id, known);
  known.catch(() => kept.delete(id));
  return known;
}

function Limits({ rope }: { rope: Rope }) {
  const t = texts().ropes;
  return (
    <>
      {rope.limits.map((limit) => (
        <span key={limit.window_d} class={`chip ${limit.confirmed_by ? "" : "lacking"}`} title={limit.source}>
          {t.limit(number(limit.window_d, 0), number(limit.loss_pct, 1))}
        </span>
      ))}
      {rope.limits.some((limit) => !limit.confirmed_by) ? <span class="muted">{t.unconfirmed}</span> : null}
    </>
  );
}

type ChoiceProps = { rope: Rope; tests: RopeTest[]; chosen: TestPoint; choose: (id: string) => void };

function PointChoice({ rope, tests, chosen, choose }: ChoiceProps) {
  return (
    <fieldset class="choice points" aria-label={texts().ropes.testPoint}>
      {rope.test_points.map((point) => {
        const newest = testsOf(tests, rope, point)[0];
        return (
          <button
            key={point.id}
            type="button"
            aria-pressed={point.id === chosen.id}
            data-testid={`point-${point.id}`}
            onClick={() => choose(point.id)}
          >
            {say(point.name)} {newest ? <VerdictChip verdict={newest.verdict} /> : null}
          </button>
        );
      })}
    </fieldset>
  );
}

function Traces({ tests, chosen }: { tests: RopeTest[]; chosen: RecordId | null }) {
  const at = Math.max(
    0,
    tests.findIndex((test) => test.id === chosen),
  );
  const shown = tests.slice(at, at + WEEKS_BELOW_EACH_OTHER);
  const ids = shown.map((test) => test.id);
  const { answer } = usePolled(() => Promise.all(ids.map(traceOf)), 3600, [ids]);
  const [test = null, before = null] = answer ?? [];
  return (
    <>
      <Waterfall tests={[...(answer ?? [])].reverse()} />
      <TracePanel test={test} before={before} />
    </>
  );
}

function Point({ rope, point, tests }: { rope: Rope; point: TestPoint; tests: RopeTest[] }) {
  const [chosen, choose] = useState<RecordId | null>(null);
  const mine = testsOf(tests, rope, point);
  const trend = usePolled(() => api.trend(rope.id, point.id), 30, [rope.id, point.id]);
  return (
    <div class="quarters">
      <TrendPanel trend={trend.answer} />
      <TestTable tests={mine} chosen={chosen ?? mine[0]?.id ?? null} choose={choose} />
      <Traces tests={mine} chosen={chosen} />
    </div>
  );
}

export function RopePage({ id }: { id: string }) {
  const found = ropeNamed(id);
  const [pointId, choose] = useState<string | null>(null);
  const { answer } = usePolled(() => api.ropeTests(id, 500), 30, [id]);
  const t = texts().ropes;
  if (!found) return <p class="panel empty">{t.unknown}</p>;
  const { way, rope } = found;
  const point = rope.test_points.find((one) => one.id === pointId) ?? rope.test_points[0];
  const tests = answer?.tests ?? [];
  return (
    <div class="rope-page">
      <div class="title-row">
        <h2>{say(rope.name)}</h2>
        <RopeFacts rope={rope} before={say(way.name)} />
      </div>
      <div class="title-row">
        <span class="muted">{t.limitsOf}</span>
        <Limits rope={rope} />
      </div>
      {point ? (
        <>
          <PointChoice rope={rope} tests={tests} chosen={point} choose={choose} />
          <Point key={point.id} rope={rope} point={point} tests={tests} />
        </>
      ) : (
        <p class="panel empty">{t.never}</p>
      )}
    </div>
  );
}
