// Which lines two texts do not share: the shortest way from one to the other.
export type Line = { sign: " " | "-" | "+"; text: string };

/** Lengths of the longest common part of what is left from each pair of places on. */
function lengths(a: string[], b: string[]): Uint16Array[] {
  const rows = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const row = rows[i] as Uint16Array;
      const below = rows[i + 1] as Uint16Array;
      row[j] = a[i] === b[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return rows;
}

export function differences(before: string, after: string): Line[] {
  const a = before.split("\n");
  const b = after.split("\n");
  const common = lengths(a, b);
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [old, fresh] = [a[i], b[j]];
    if (old !== undefined && old === fresh) {
      lines.push({ sign: " ", text: old });
      i++;
      j++;
    } else if (old !== undefined && (fresh === undefined || (common[i + 1]?.[j] ?? 0) >= (common[i]?.[j + 1] ?? 0))) {
      lines.push({ sign: "-", text: old });
      i++;
    } else {
      lines.push({ sign: "+", text: fresh ?? "" });
      j++;
    }
  }
  return lines;
}

/** The changed lines, with those around them, and the line before that names what they belong to. */
export function changes(lines: Line[], around = 2): (Line | null)[] {
  const near = lines.map((_, at) =>
    lines.slice(Math.max(0, at - around), at + around + 1).some((one) => one.sign !== " "),
  );
  lines.forEach((line, at) => {
    if (line.sign === " ") return;
    const named = lines.slice(0, at).findLastIndex((one) => /^(id|ropeway) = /.test(one.text));
    if (named >= 0) near[named] = true;
  });
  const shown: (Line | null)[] = [];
  lines.forEach((line, at) => {
    if (near[at]) shown.push(line);
    else if (shown.length > 0 && shown.at(-1) !== null) shown.push(null);
  });
  return shown;
}
