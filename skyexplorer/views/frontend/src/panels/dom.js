// Small helpers: elements, markers, and following traits.

export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key in element && !key.startsWith("aria") && key !== "role" && key !== "list") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, key) => values[key] ?? all);

const SVG = "http://www.w3.org/2000/svg";

export function svg(paths, { size = 16, stroke = "currentColor", fill: inner = "none", width = 1.5 } = {}) {
  const root = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 16 16", width: size, height: size, "aria-hidden": "true" }))
    root.setAttribute(key, value);
  for (const d of [paths].flat()) {
    const path = document.createElementNS(SVG, "path");
    const look = { d, stroke, fill: inner, "stroke-width": width, "stroke-linecap": "round", "stroke-linejoin": "round" };
    for (const [key, value] of Object.entries(look)) path.setAttribute(key, value);
    root.append(path);
  }
  return root;
}

const MARKERS = {
  circle: "M8 3.2a4.8 4.8 0 1 1 0 9.6a4.8 4.8 0 1 1 0 -9.6z",
  square: "M3.6 3.6h8.8v8.8h-8.8z",
  rhomb: "M8 2l5 6l-5 6l-5-6z",
  triangle: "M8 2.6l5.4 9.8h-10.8z",
  plus: "M8 2.4v11.2M2.4 8h11.2",
  cross: "M3.4 3.4l9.2 9.2M12.6 3.4l-9.2 9.2",
};

export function marker(shape, color, size = 16) {
  const open = shape === "plus" || shape === "cross";
  return svg(MARKERS[shape] ?? MARKERS.circle, { size, stroke: color, fill: open ? "none" : `${color}40`, width: 1.9 });
}

export const contours = (color, size = 16) =>
  svg(["M2.4 8.6c0-3 2.6-5.6 6-5.6s5.2 2 5.2 4.8-2.8 5.4-6.2 5.4-5-1.8-5-4.6z", "M5.4 8.4c0-1.4 1.2-2.6 2.8-2.6s2.4 1 2.4 2.2-1.2 2.4-2.8 2.4-2.4-.8-2.4-2z"], {
    size,
    stroke: color,
  });

export const ICON = {
  eye: "M1.5 8s2.4-4.4 6.5-4.4S14.5 8 14.5 8s-2.4 4.4-6.5 4.4S1.5 8 1.5 8zM8 6.2a1.8 1.8 0 1 1 0 3.6a1.8 1.8 0 1 1 0-3.6z",
  hidden: ["M1.5 8s2.4-4.4 6.5-4.4S14.5 8 14.5 8s-2.4 4.4-6.5 4.4S1.5 8 1.5 8z", "M3 13L13 3"],
  zoom: ["M7 2.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9z", "M10.4 10.4L14 14", "M7 5v4M5 7h4"],
  remove: "M4 4l8 8M12 4l-8 8",
  info: ["M8 1.8a6.2 6.2 0 1 1 0 12.4a6.2 6.2 0 1 1 0-12.4z", "M8 7.2v4M8 4.8v.2"],
  search: ["M7 2.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9z", "M10.4 10.4L14 14"],
  grid: ["M8 1.8a6.2 6.2 0 1 1 0 12.4a6.2 6.2 0 1 1 0-12.4z", "M1.8 8h12.4", "M8 1.8c-2.6 2-2.6 10.400 0 12.4M8 1.800c2.600 2 2.600 10.400 0 12.400"],
  theme: ["M8 1.8a6.2 6.2 0 1 1 0 12.4a6.2 6.2 0 1 1 0-12.4z", "M8 1.800v12.400a6.200 6.200 0 0 0 0-12.400z"],
  circle: ["M8 2.6a5.4 5.4 0 1 1 0 10.8a5.4 5.4 0 1 1 0-10.8z", "M8 8l3.8-3.8", "M8 7.900v.2"],
  polygon: ["M3.2 5.400L9.600 2.800L13.400 8.200L9.800 13.200L4 11.400z"],
  widen: ["M6.500 3.500L2.500 8l4 4.500", "M2.500 8h11"],
  ledger: ["M5.6 4h8M5.6 8h8M5.6 12h8", "M2.4 4v.1M2.4 8v.1M2.4 12v.1"],
  clear: ["M8 1.8a6.2 6.2 0 1 1 0 12.4a6.2 6.2 0 1 1 0-12.4z", "M5.800 5.800l4.400 4.400M10.200 5.800l-4.400 4.400"],
};

export function iconButton(icon, label, onclick, extra = {}) {
  return h("button", { type: "button", className: "skx-icon", "aria-label": label, title: label, onclick, ...extra }, svg(icon));
}

// Render again when one of these traits changes; returns the undoing.
export function follow(model, traits, draw) {
  const names = traits.map((trait) => `change:${trait}`);
  for (const name of names) model.on(name, draw);
  draw();
  return () => names.forEach((name) => model.off(name, draw));
}

// Once `el` stands inside something that `selector` finds, `then` is called with that: hosts render elements before they
// stand in the page. Returns the giving up.
export function placed(el, selector, then) {
  let frame = null;
  const look = () => {
    frame = null;
    const found = el.closest(selector);
    if (found) then(found);
    else frame = requestAnimationFrame(look);
  };
  look();
  return () => cancelAnimationFrame(frame);
}
