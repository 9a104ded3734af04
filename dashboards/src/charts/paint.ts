// The page's colours for what is drawn on a canvas, read from the style sheet of the theme in force.

const NAMES = ["ink", "muted", "line", "band", "needle", "rope", "live", "panel", "p1", "p2", "p3"] as const;

export type Paint = Record<(typeof NAMES)[number], string> & { font: string };

export function paint(): Paint {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const colours = Object.fromEntries(NAMES.map((name) => [name, read(name)])) as Omit<Paint, "font">;
  return { ...colours, font: read("font") };
}

export const priorityPaint = (colours: Paint, priority: number): string =>
  priority === 1 ? colours.p1 : priority === 2 ? colours.p2 : colours.p3;

/** Series are told apart by these dashes and by the name at the line's end. */
export const DASHES: (number[] | "solid")[] = ["solid", [6, 4], [2, 3], [9, 3, 2, 3]];
