// How what is missing and what was doubted looks on a chart: hatched, each in its own way, never bridged.
import type uPlot from "uplot";
import type { Stretch } from "../quality";
import type { Paint } from "./paint";

const TILE = 8;

const tiles = new Map<string, CanvasPattern | null>();

/** Slanted lines where nothing came, dots where nothing that came could be believed. */
function tile(u: uPlot, kind: Stretch["kind"], colours: Paint): CanvasPattern | null {
  const key = `${kind} ${colours.muted}`;
  let found = tiles.get(key);
  if (found === undefined) {
    const size = TILE * devicePixelRatio;
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = size;
    const pen = canvas.getContext("2d");
    if (!pen) return null;
    pen.strokeStyle = pen.fillStyle = colours.muted;
    pen.globalAlpha = 0.35;
    pen.lineWidth = devicePixelRatio;
    if (kind === "missing") {
      pen.beginPath();
      for (const shift of [-size, 0, size]) {
        pen.moveTo(shift, size);
        pen.lineTo(shift + size, 0);
      }
      pen.stroke();
    } else {
      pen.fillRect(size / 2, size / 2, 2 * devicePixelRatio, 2 * devicePixelRatio);
    }
    found = u.ctx.createPattern(canvas, "repeat");
    tiles.set(key, found);
  }
  return found;
}

/** Hatch the stretches over the whole height of the plot. */
export function hatch(u: uPlot, stretches: readonly Stretch[], colours: Paint): void {
  const { left, top, width, height } = u.bbox;
  u.ctx.save();
  for (const { from_s, to_s, kind } of stretches) {
    const begin = Math.max(left, u.valToPos(from_s, "x", true));
    const end = Math.min(left + width, u.valToPos(to_s, "x", true));
    if (end <= begin) continue;
    u.ctx.fillStyle = tile(u, kind, colours) ?? colours.band;
    u.ctx.fillRect(begin, top, end - begin, height);
  }
  u.ctx.restore();
}
