// A drawing by ECharts that follows its box, its theme and its language.
import type { EChartsCoreOption, EChartsType } from "echarts/core";
import { useEffect, useRef, useState } from "preact/hooks";
import { theme } from "../preferences";
import { type Paint, paint } from "./paint";

type Props = { option: (colours: Paint) => EChartsCoreOption; label: string; redraw: readonly unknown[] };

/** `redraw` lists what the drawing depends on. */
export function EChart({ option, label, redraw }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<EChartsType | null>(null);
  useEffect(() => {
    let made: EChartsType | null = null;
    let gone = false;
    const observer = new ResizeObserver(() => made?.resize());
    void import("./echarts").then(({ init }) => {
      if (gone || !box.current) return;
      made = init(box.current, null, { renderer: "canvas" });
      observer.observe(box.current);
      setChart(made);
    });
    return () => {
      gone = true;
      observer.disconnect();
      made?.dispose();
    };
  }, []);
  const dress = theme.value;
  useEffect(() => {
    const colours = paint();
    const base = { animation: false, textStyle: { fontFamily: colours.font, color: colours.muted } };
    chart?.setOption({ ...base, ...option(colours) }, true);
  }, [chart, dress, ...redraw]);
  return <div ref={box} class="chart" role="img" aria-label={label} />;
}
