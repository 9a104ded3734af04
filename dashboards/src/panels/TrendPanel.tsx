// The weekly trend of a test point, with a forecast only where the monitor gives one.
import { EChart } from "../charts/EChart";
import { trendOption } from "../charts/trend";
import { say, texts } from "../i18n";
import { number } from "../numbers";
import { language } from "../preferences";
import type { Trend } from "../wire";

function untilLimit([low, high]: [number, number]): string {
  const t = texts().ropes;
  return high <= 0 ? t.beyondLimit : t.weeksToLimit(number(low, 0), number(high, 0));
}

function Forecast({ trend }: { trend: Trend }) {
  const t = texts().ropes;
  const { fit } = trend;
  if (!fit) {
    return <p class="muted">{[t.noForecast, say(trend.fit_reason)].filter(Boolean).join(texts().colon)}</p>;
  }
  return (
    <p>
      {t.slope(number(fit.slope_pct_per_week, 2), number(fit.low, 2), number(fit.high, 2))}
      {fit.weeks_to_limit ? texts().separator + untilLimit(fit.weeks_to_limit) : ""}
    </p>
  );
}

export function TrendPanel({ trend }: { trend: Trend | null }) {
  const t = texts();
  return (
    <section class="panel block trend" aria-labelledby="trend-title">
      <h3 id="trend-title">
        {t.ropes.trend}{" "}
        <span class="muted">{trend?.window_d ? t.ropes.trendHow(number(trend.window_d, 0)) : ""}</span>
      </h3>
      {trend === null ? <p class="muted">{t.charts.loading}</p> : null}
      {trend?.tests.length === 0 ? <p class="muted">{t.ropes.noTests}</p> : null}
      {trend && trend.tests.length > 0 ? (
        <>
          <EChart
            label={t.ropes.trend}
            option={(colours) => trendOption(trend, colours)}
            redraw={[trend, language.value]}
          />
          <Forecast trend={trend} />
        </>
      ) : null}
    </section>
  );
}
