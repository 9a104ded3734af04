// The tests of one test point; choosing one shows its trace.
import { texts } from "../i18n";
import { maybe, number } from "../numbers";
import { worstWindow } from "../ropes";
import { dayMinute } from "../time";
import type { RecordId, RopeTest } from "../wire";
import { VerdictChip } from "./Verdict";

type Props = { tests: RopeTest[]; chosen: RecordId | null; choose: (id: RecordId) => void };

function Row({ test, chosen, choose }: { test: RopeTest; chosen: boolean; choose: (id: RecordId) => void }) {
  const t = texts().ropes.columns;
  return (
    <tr class={chosen ? "chosen" : ""}>
      <td class="nowrap">
        <button type="button" class="quiet line" aria-pressed={chosen} onClick={() => choose(test.id)}>
          {dayMinute(test.ended_ms)}
        </button>
      </td>
      <td class="nowrap">
        {test.windows.map((window) => (
          <span key={window.window_d} class="window">
            <small class="muted">{number(window.window_d, 0)}d</small>{" "}
            <b class="value">{number(window.loss_pct, 1)}</b>
            <span class="unit">%</span>
          </span>
        ))}
      </td>
      <td class="nowrap" data-label={t.position}>
        {maybe(worstWindow(test)?.position_m, 1)}
      </td>
      <td class="nowrap" data-label={t.lf}>
        {maybe(test.lf_max, 1)}
      </td>
      <td class="nowrap" data-label={t.covered}>
        {number(test.covered_share * 100, 0)} %
      </td>
      <td>
        <VerdictChip verdict={test.verdict} />
      </td>
    </tr>
  );
}

export function TestTable({ tests, chosen, choose }: Props) {
  const t = texts().ropes;
  return (
    <section class="panel block tests" aria-labelledby="tests-title">
      <h3 id="tests-title">
        {t.tests} <span class="muted">{tests.length}</span>
      </h3>
      {tests.length === 0 ? <p class="muted">{t.noTests}</p> : null}
      <div class="scroll">
        <table>
          <thead>
            <tr>
              {Object.values(t.columns).map((name) => (
                <th key={name}>{name}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {tests.map((test) => (
              <Row key={test.id} test={test} chosen={test.id === chosen} choose={choose} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
