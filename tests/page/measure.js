// Finds every text on the page that is cut, too long for its box, outside the window, or over another.
// Left out: what scrolls by design, what is meant for screen readers, what floats above the page.
() => {
  const styles = new Map();
  const style = (e) => styles.get(e) ?? (styles.set(e, getComputedStyle(e)), styles.get(e));
  const above = (e, test) => {
    for (let at = e; at; at = at.parentElement) if (test(at)) return at;
    return null;
  };
  const leftOut = (at) =>
    at.matches(".spoken, title, script, style, option") ||
    ["fixed", "sticky"].includes(style(at).position) ||
    ["auto", "scroll"].includes(style(at).overflowX) ||
    style(at).visibility === "hidden";
  const clips = (at) =>
    at !== document.documentElement && ["hidden", "clip"].includes(style(at).overflowX);

  const faults = new Set();
  const boxes = [];

  const wide = document.scrollingElement.scrollWidth;
  if (wide > innerWidth + 1) faults.add(`the page is ${wide} wide in ${innerWidth}`);

  const measure = (text, owner, r, edge) => {
    if (r.width < 1 || r.height < 1) return;
    // A font's box is taller than its letters: only the middle is held to be text.
    const box = {
      text,
      left: r.left,
      right: r.right,
      top: r.top + r.height * 0.22,
      bottom: r.bottom - r.height * 0.22,
    };
    if (box.left < -1 || box.right > innerWidth + 1) faults.add(`outside the window: "${text}"`);
    const beyond =
      edge &&
      (box.left < edge.left - 1.5 ||
        box.right > edge.right + 1.5 ||
        box.top < edge.top - 1.5 ||
        box.bottom > edge.bottom + 1.5);
    if (beyond) faults.add(`cut: "${text}"`);
    boxes.push(box);
  };

  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.textContent.trim();
    const owner = node.parentElement;
    // What is folded away has a place but is not drawn.
    if (!text || !owner.checkVisibility() || above(owner, leftOut)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const edge = above(owner, clips)?.getBoundingClientRect();
    for (const r of range.getClientRects()) measure(text, owner, r, edge);
    const block = !(owner instanceof SVGElement) && style(owner).display !== "inline";
    if (block && owner.scrollWidth > owner.clientWidth + 1) {
      faults.add(`too long: "${text}" ${owner.scrollWidth} in ${owner.clientWidth}`);
    }
  }

  boxes.sort((a, b) => a.top - b.top);
  boxes.forEach((a, at) => {
    for (let k = at + 1; k < boxes.length && boxes[k].top < a.bottom; k++) {
      const b = boxes[k];
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (across > 1.5 && down > 1.5) faults.add(`over each other: "${a.text}" and "${b.text}"`);
    }
  });
  return [...faults];
}
