// How good the alarms are for the one who must handle them, each figure against its target.
import { api } from "../api";
import { texts } from "../i18n";
import { maybe, number } from "../numbers";
import { usePolled } from "../polled";
import { DASH } from "../quality";
import type { Measure } from "../wire";

const COUNTED = ["most_in_10min", "chattering", "fleeting", "stale"];

function figure(measure: Measure, value: number | null): string {
  if (value === null) return DASH;
  if (measure.id.endsWith("_share")) return `${number(value * 100, 0)} %`;
  if (measure.id.endsWith("_s")) return texts().time.seconds(number(value, 0));
  return maybe(value, COUNTED.includes(measure.id) ? 0 : 1);
}

function Row({ measure }: { measure: Measure }) {
  const t = texts().alarms;
  return (
    <tr class={`figure figure-${measure.state}`}>
      <td class="wide">{t.measures[measure.id] ?? measure.id}</td>
      <td class="number value">{figure(measure, measure.value)}</td>
      <td class="number muted">{measure.target === null ? "" : `≤ ${figure(measure, measure.target)}`}</td>
      <td class="nowrap">{measure.target === null ? "" : t.figureStates[measure.state]}</td>
    </tr>
  );
}

export function AlarmFigures() {
  const t = texts().alarms;
  const kpi = usePolled(() => api.kpi(), 60, []);
  return (
    <section class="panel block" data-testid="alarm-figures">
      <h3>{t.figures}</h3>
      <table class="figures">
        <thead>
          <tr>
            <th>{t.figureHead.what}</th>
            <th class="number">{t.figureHead.value}</th>
            <th class="number">{t.figureHead.target}</th>
            <th>{t.figureHead.state}</th>
          </tr>
        </thead>
        <tbody>
          {kpi.answer?.measures.map((measure) => (
            <Row key={measure.id} measure={measure} />
          ))}
        </tbody>
      </table>
    </section>
  );
}
