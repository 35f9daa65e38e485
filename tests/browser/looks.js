// Run in the page by looks.py: what of an explorer's look can be measured.
() => {
  const grid = document.querySelector(".skx-grid");
  const frame = grid.getBoundingClientRect();
  const box = (el) => el.getBoundingClientRect();
  const style = (el) => getComputedStyle(el);
  const seen = (el) =>
    style(el).display !== "none" && style(el).visibility !== "hidden" && box(el).width > 1 && box(el).height > 1 && !el.closest(".skx-away");
  const name = (el) => {
    const classes = (el.className?.baseVal ?? el.className ?? "").toString().split(" ").filter((c) => c.startsWith("skx"));
    return `${classes.join(".") || el.tagName}: ${el.getAttribute("aria-label") ?? el.textContent.trim().slice(0, 40)}`;
  };
  const all = (selector) => [...grid.querySelectorAll(selector)].filter(seen);
  const panels = [...grid.children].filter((el) => seen(el) && !el.matches(".skx-at-layout, .skx-at-pulse"));

  const overlaps = [];
  panels.forEach((one, i) => {
    for (const other of panels.slice(i + 1)) {
      const [p, q] = [box(one), box(other)];
      const width = Math.min(p.right, q.right) - Math.max(p.left, q.left);
      const height = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
      if (width > 1 && height > 1) overlaps.push([name(one), name(other), width, height]);
    }
  });
  const beyond = (inner, outer) =>
    inner.left < outer.left - 1 || inner.right > outer.right + 1 || inner.top < outer.top - 1 || inner.bottom > outer.bottom + 1;
  const outside = panels.filter((el) => beyond(box(el), frame)).map(name);

  const texts = all("button, h2, h3, label, .skx-tab, .skx-count, .skx-brand, .skx-sub, .skx-note").filter((el) => el.textContent.trim());
  const cut = texts
    .filter((el) => el.scrollWidth > el.clientWidth + 1 && style(el).overflowX !== "visible" && style(el).textOverflow !== "ellipsis")
    .map(name);

  // A control that is partly outside of something which can not be scrolled.
  const half = all("button, input, select")
    .filter((el) => !el.closest(".aladin-container, .skx-layout"))
    .filter((el) => {
      for (let up = el.parentElement; up && up !== grid; up = up.parentElement) {
        const { overflowX, overflowY } = style(up);
        if ([overflowX, overflowY].some((value) => value === "auto" || value === "scroll")) return false;
        if (overflowX !== "visible" && beyond(box(el), box(up))) return true;
      }
      return false;
    })
    .map(name);

  const rgba = (text) => {
    const [r, g, b, a = 1] = (text.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
    return [r, g, b, a];
  };
  const over = (ink, ground, alpha) => [0, 1, 2].map((i) => ink[i] * alpha + ground[i] * (1 - alpha));
  const luminance = (color) => {
    const [r, g, b] = color.map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (el) => {
    const grounds = [];
    for (let up = el; up; up = up.parentElement) {
      const color = rgba(style(up).backgroundColor);
      if (color[3] > 0) grounds.push(color);
      if (color[3] >= 1) break;
    }
    return grounds.reverse().reduce((below, color) => over(color, below, color[3]), [255, 255, 255]);
  };
  const faint = [];
  for (const el of all(".skx-panel *, .skx-side *, .skx-front *")) {
    const own = [...el.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || el.closest("[disabled], .skx-off, .bk-root, .aladin-container, option")) continue;
    let opacity = 1;
    for (let up = el; up && up !== grid; up = up.parentElement) opacity *= Number(style(up).opacity);
    const back = ground(el);
    const ink = rgba(style(el).color);
    const [x, y] = [luminance(over(ink, back, ink[3] * opacity)), luminance(back)];
    const ratio = (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
    if (ratio < 4.5) faint.push([name(el), Math.round(ratio * 100) / 100]);
  }

  const at = (panel) => {
    const el = grid.querySelector(`:scope > .skx-at-${panel}`);
    if (!el || !seen(el)) return [panel, null];
    const { left, top, width, height } = box(el);
    return [panel, [left - frame.left, top - frame.top, width, height].map(Math.round)];
  };
  return {
    mode: grid.dataset.mode,
    width: frame.width,
    height: frame.height,
    wider: grid.scrollWidth - grid.clientWidth,
    texts: texts.length,
    panels: Object.fromEntries(["bar", "sky", "layers", "curve", "table", "time", "status"].map(at)),
    overlaps,
    outside,
    cut,
    half,
    faint,
  };
};
