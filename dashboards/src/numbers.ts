// Figures as they stand on the screens: thin-space thousands, a true minus, fixed decimals.

const THIN = "\u202f";
const MINUS = "\u2212";

export function number(value: number, decimals = 1): string {
  const [whole = "0", rest] = Math.abs(value).toFixed(decimals).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, THIN);
  const text = rest === undefined ? grouped : `${grouped}.${rest}`;
  return value < 0 && Number(text.replaceAll(THIN, "")) !== 0 ? MINUS + text : text;
}

export const maybe = (value: number | null | undefined, decimals = 1): string =>
  value === null || value === undefined || !Number.isFinite(value) ? "—" : number(value, decimals);

export function bytes(count: number): string {
  const steps = ["B", "kB", "MB", "GB", "TB"];
  let at = 0;
  let left = count;
  while (left >= 1000 && at < steps.length - 1) {
    left /= 1000;
    at += 1;
  }
  return `${number(left, at === 0 ? 0 : 1)} ${steps[at]}`;
}
