// The overview: may each line run, why not, what needs me now, can I trust what I see.
import { useMemo } from "preact/hooks";
import { api } from "../api";
import { AlarmBanner } from "../panels/AlarmBanner";
import { AlarmList } from "../panels/AlarmList";
import { GUST_BUCKETS, GUST_SPAN_S, GustChart, gustTags } from "../panels/GustChart";
import { LightningPanel } from "../panels/LightningPanel";
import { RopewayCard } from "../panels/RopewayCard";
import { usePolled } from "../polled";
import { indicatorTags, lately, sparkIn } from "../sparks";
import { site } from "../site";

const SPARK_SPAN_S = 3600;
const SPARK_BUCKETS = 60;

const NO_TESTS: never[] = [];

export function Overview(_: { id: string }) {
  const ways = site.value?.ropeways ?? [];
  const sparks = usePolled(() => lately(indicatorTags(), SPARK_SPAN_S, SPARK_BUCKETS), 30, []);
  const gusts = usePolled(() => lately(ways.flatMap(gustTags), GUST_SPAN_S, GUST_BUCKETS), 15, []);
  const tests = usePolled(() => api.ropeTests(undefined, 100), 60, []);
  const tasks = usePolled(() => api.tasks("open"), 20, []);
  const sparkOf = useMemo(() => sparkIn(sparks.answer), [sparks.answer]);
  return (
    <div class="overview">
      <AlarmBanner />
      <div class="ways">
        {ways.map((way) => (
          <RopewayCard
            key={way.id}
            way={way}
            sparkOf={sparkOf}
            tests={tests.answer?.tests ?? NO_TESTS}
            tasks={tasks.answer?.tasks ?? NO_TESTS}
          />
        ))}
      </div>
      <div class="bottom">
        <AlarmList />
        <GustChart series={gusts.answer} />
        <LightningPanel />
      </div>
    </div>
  );
}
