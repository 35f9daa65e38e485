// The parts of a legend: a scale of colours with its ticks, categories, sizes. Drawn in a layer's row and on the sky.
import { fill, h, marker } from "../panels/dom.js";

const SHOWN = 9; // categories; a column has up to eight and "all others"

export function legendParts(legend, texts) {
  const parts = [];
  const { color, size, shape } = legend;
  if (color?.stops) parts.push(scale(color, texts));
  else if (color) parts.push(categories(color, texts));
  if (shape) parts.push(categories(shape, texts));
  if (size) parts.push(sizes(size));
  return parts;
}

const part = (title, ...children) =>
  h("div", { className: "skx-legend-part" }, h("p", { className: "skx-legend-title", title }, title), ...children);

function missing(entry, texts) {
  if (!entry.missing) return null;
  const text = fill(texts.missing, { n: entry.missing.toLocaleString("en") });
  return h("span", { className: "skx-legend-missing" }, h("i", { className: "skx-legend-none" }), text);
}

function scale(entry, texts) {
  const bar = h("div", { className: "skx-legend-bar" });
  bar.style.background = `linear-gradient(to right, ${entry.stops.join(", ")})`;
  const ticks = entry.ticks.map(({ at, text }) => {
    const tick = h("span", {}, text);
    tick.style.left = `${100 * at}%`;
    tick.dataset.edge = at < 0.06 ? "start" : at > 0.94 ? "end" : "";
    return tick;
  });
  return part(entry.title, bar, h("div", { className: "skx-legend-ticks" }, ticks), missing(entry, texts));
}

function categories(entry, texts) {
  const items = entry.items.slice(0, SHOWN).map(({ text, color, shape, count }) =>
    h(
      "span",
      { className: "skx-legend-item", title: `${text}: ${count.toLocaleString("en")}` },
      marker(shape, color, 13),
      h("span", {}, text),
    ),
  );
  return part(entry.title, h("div", { className: "skx-legend-items" }, items), missing(entry, texts));
}

function sizes(entry) {
  const items = entry.items.map(({ px, text }) => {
    const dot = h("i", { className: "skx-legend-dot" });
    dot.style.width = dot.style.height = `${2 * Math.round(px / 2)}px`;
    return h("span", { className: "skx-legend-item" }, dot, h("span", {}, text));
  });
  return part(entry.title, h("div", { className: "skx-legend-items" }, items));
}
