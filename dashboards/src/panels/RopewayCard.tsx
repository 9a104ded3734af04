// One ropeway on the overview: may it run, why not, and can what we see be trusted.
import { say, texts } from "../i18n";
import { readingAt } from "../live/board";
import { number } from "../numbers";
import { believable } from "../quality";
import { link } from "../router";
import type { SparkOf } from "../sparks";
import type { Ropeway, RopeTest, Task } from "../wire";
import { AdviceBox } from "./AdviceBox";
import { IndicatorTile } from "./IndicatorTile";
import { LineProfile } from "./LineProfile";
import { RecordChips } from "./RecordChips";
import { SafetyCircuits } from "./SafetyCircuits";
import { Shown } from "./Shown";

/** Below this the rope counts as standing still: slower than any inspection speed. */
const STANDING_MPS = 0.05;

function Moving({ way }: { way: Ropeway }) {
  const reading = readingAt(way.speed).value;
  const t = texts().overview;
  const moves = Math.abs(reading.value ?? 0) > STANDING_MPS;
  return (
    <span class="moving">
      {believable(reading) ? `${moves ? t.moving : t.standing}${texts().separator}` : ""}
      <Shown slot={way.speed} />
    </span>
  );
}

type Props = { way: Ropeway; sparkOf: SparkOf; tests: RopeTest[]; tasks: Task[] };

export function RopewayCard({ way, sparkOf, tests, tasks }: Props) {
  return (
    <article class="panel way" aria-labelledby={`way-${way.id}`}>
      <div class="head">
        <h2 id={`way-${way.id}`}>
          <a href={link.ropeway(way.id)}>{say(way.name)}</a>
        </h2>
        <span class="muted">
          {[texts().kinds[way.kind] ?? way.kind, `${number(way.length_m, 0)} m`].join(texts().separator)}
        </span>
        <Moving way={way} />
      </div>
      <AdviceBox ropeway={way.id} />
      <LineProfile way={way} />
      <div class="indicators">
        {way.indicators.map((indicator) => (
          <IndicatorTile
            key={indicator.name.en}
            way={way}
            indicator={indicator}
            spark={sparkOf(indicator.slots)}
          />
        ))}
      </div>
      <div class="foot">
        <SafetyCircuits way={way} />
        <RecordChips way={way} tests={tests} tasks={tasks} />
      </div>
    </article>
  );
}
