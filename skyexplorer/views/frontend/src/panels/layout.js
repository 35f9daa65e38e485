// The layout of the grid in which this stands: which panel has which cell, the lines between them that are
// dragged, and the grips that move a panel.
//
// Python says which panel is in which place, what is hidden, and how large; the width of the explorer says how
// that is laid out: beside each other, in two columns below the first, or behind tabs. The lines and grips are
// items of the same grid, in the cell of their panel.
import { follow, h, placed } from "./dom.js";
import { grip } from "./grip.js";

export const NARROW = 560; // px of the explorer, below which panels stand behind tabs
export const MEDIUM = 900; // … below which the first has a row of its own
const UNDER = ["beside", "left", "right"];
const GAP = 8; // px, as in layout.css
const STEP = 0.02; // of an arrow key
const BELOW = { medium: [400, 280, 280], narrow: [360, 400] }; // px of the rows

export function renderLayout({ model, el, texts, tell }) {
  let grid = null;
  let drag = null; // sizes while a line is dragged: {name, value}
  const name = (panel) => model.get("names")[panel] ?? panel;

  const lines = Object.fromEntries(["above", "main", "left", "height"].map((size) => [size, line(size)]));
  const grips = Object.fromEntries(UNDER.concat("main").map((place) => [place, grip({ model, texts, tell, name, box: () => grid })]));
  const tabs = h("div", { className: "skx-front", role: "tablist", "aria-label": texts.tabs });
  tabs.addEventListener("keydown", (event) => {
    const all = [...tabs.children];
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
    next.focus();
    next.click();
    event.preventDefault();
    event.stopPropagation();
  });
  el.append(...Object.values(lines), ...Object.values(grips).map((one) => one.root), tabs);

  const lay = () => {
    if (!grid) return;
    const shown = new Set(model.get("shown"));
    const places = model.get("places");
    const strip = grid.querySelector(":scope > .skx-at-time");
    const timed = Boolean(strip) && !strip.matches(".skx-none") && shown.has("time");
    const at = (place) => (shown.has(places[place]) ? places[place] : null);
    const width = grid.clientWidth;
    const mode = width > MEDIUM ? "wide" : width > NARROW ? "medium" : "narrow";
    const sizes = { ...model.get("sizes"), ...(drag?.name in model.get("sizes") ? { [drag.name]: drag.value } : {}) };
    const height = drag?.name === "height" ? drag.value : model.get("height");
    const plan = PLAN[mode]({ at, timed, sizes, wide: grid.classList.contains("skx-wide"), front: model.get("front") });
    grid.dataset.mode = mode;
    grid.style.setProperty("--skx-height", `${height}px`);
    grid.style.setProperty("--skx-columns-of-grid", plan.columns);
    grid.style.setProperty("--skx-rows-of-grid", plan.rows);
    grid.style.setProperty("--skx-areas", plan.areas.map((row) => `"${row.join(" ")}"`).join(" "));
    for (const panel of [...Object.values(places), "time"]) {
      const seen = panel === "time" ? timed : plan.areas.some((row) => row.includes(panel));
      const node = grid.querySelector(`:scope > .skx-at-${panel}`);
      node?.classList.toggle("skx-away", !seen);
      if (node && !seen) node.setAttribute("inert", "");
      else node?.removeAttribute("inert");
    }
    for (const [place, one] of Object.entries(grips)) one.put(mode === "narrow" ? null : at(place), places[place]);
    for (const [size, where] of Object.entries({ above: null, main: null, left: null, height: null, ...plan.lines })) put(lines[size], where);
    for (const [size, node] of Object.entries(lines)) node.setAttribute("aria-valuenow", size === "height" ? height : Math.round(100 * sizes[size]));
    const held = tabs.contains(document.activeElement);
    tabs.hidden = mode !== "narrow" || plan.tabs.length < 2;
    tabs.replaceChildren(
      ...(plan.tabs ?? []).map((panel) =>
        h("button", { type: "button", role: "tab", className: "skx-tab", tabIndex: panel === plan.front ? 0 : -1, "aria-selected": String(panel === plan.front), onclick: () => tell("front", { name: panel }) }, name(panel)),
      ),
    );
    if (held) tabs.querySelector("[aria-selected=true]")?.focus({ preventScroll: true });
  };

  function line(size) {
    const upright = size === "main" || size === "left";
    const node = h("div", {
      className: `skx-line-between ${upright ? "skx-upright" : "skx-level-line"}`,
      role: "separator",
      tabIndex: 0,
      title: `${texts[size]}: ${texts.resize}`,
      "aria-label": texts[size],
      "aria-orientation": upright ? "vertical" : "horizontal",
      "aria-valuemin": size === "height" ? 240 : 15,
      "aria-valuemax": size === "height" ? 2000 : 85,
    });
    node.dataset.size = size;
    const bound = (value) => (size === "height" ? Math.max(240, Math.round(value)) : Math.min(0.85, Math.max(0.15, value)));
    const measure = (event) => {
      const box = grid.getBoundingClientRect();
      if (size === "height") return bound(event.clientY - box.top + (drag?.off ?? 0));
      if (upright) return bound((event.clientX - box.left) / box.width);
      const [top, room, strip] = extent();
      return bound((event.clientY - top - strip - 1.5 * GAP) / (room - strip - 3 * GAP));
    };
    node.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      node.setPointerCapture(event.pointerId);
      node.classList.add("skx-dragged");
      drag = { name: size, value: measure(event), off: size === "height" ? grid.getBoundingClientRect().bottom - event.clientY : 0 };
      event.preventDefault();
      node.focus({ preventScroll: true });
    });
    let waiting = null;
    node.addEventListener("pointermove", (event) => {
      if (!drag) return;
      drag.value = measure(event);
      drag.moved = true;
      waiting ??= requestAnimationFrame(() => ((waiting = null), lay()));
    });
    const end = () => {
      node.classList.remove("skx-dragged");
      const done = drag;
      if (!done) return;
      if (done.moved) tell("resize", { name: size, value: done.value });
      // What was dragged stays until Python has said the same.
      setTimeout(() => drag === done && ((drag = null), lay()), 400);
    };
    node.addEventListener("pointerup", end);
    node.addEventListener("pointercancel", end);
    node.addEventListener("dblclick", () => ((drag = null), tell("resize", { name: size, value: null })));
    node.addEventListener("keydown", (event) => {
      const step = (upright ? { ArrowRight: 1, ArrowLeft: -1 } : { ArrowDown: 1, ArrowUp: -1 })[event.key];
      if (event.key === "Home") tell("resize", { name: size, value: null });
      else if (step) {
        const now = size === "height" ? model.get("height") : model.get("sizes")[size];
        tell("resize", { name: size, value: bound(now + step * (size === "height" ? 20 : STEP)) });
      } else return;
      event.preventDefault();
      event.stopPropagation();
    });
    return node;
  }

  // Where the panels begin, how high they are together, and what of it the strip of times has.
  function extent() {
    const of = (place) => grid.querySelector(`:scope > .skx-at-${place}:not(.skx-away)`)?.getBoundingClientRect();
    const [top, strip] = [of("bar").bottom, of("time")?.height ?? 0];
    return [top, of("status").top - top, strip ? strip + GAP : 0];
  }

  const undo = [];
  const begin = (found) => {
    grid = found;
    const sized = new ResizeObserver(lay);
    sized.observe(grid);
    grid.addEventListener("skx-lay", lay); // a panel asks for more room
    const strip = grid.querySelector(":scope > .skx-at-time");
    const hides = new MutationObserver(lay); // the strip of times, where there are none
    if (strip) hides.observe(strip, { attributes: true, attributeFilter: ["class"] });
    undo.push(() => (sized.disconnect(), hides.disconnect()), () => grid.removeEventListener("skx-lay", lay));
    undo.push(follow(model, ["places", "shown", "sizes", "height", "front"], () => {
      if (drag && !drag.moved) drag = null;
      lay();
    }));
  };
  undo.push(placed(el, ".skx-grid", begin));
  return () => {
    for (const one of Object.values(grips)) one.dispose();
    undo.forEach((fn) => fn());
  };
}

function put(node, where) {
  node.hidden = !where;
  if (where) Object.assign(node.style, where);
}

const share = (value) => `minmax(0, ${value.toFixed(4)}fr)`;

const PLAN = {
  // Beside each other: an upper and a lower row, each cut where its own line is.
  wide({ at, timed, sizes, wide }) {
    const up = [at("main"), at("beside")].filter(Boolean);
    const tall = wide && up.length === 2; // what stands beside reaches down
    const low = [at("left"), at("right")].filter(Boolean);
    const cut = up.length === 2 ? (tall ? Math.min(sizes.main, 0.64) : sizes.main) : 1;
    const whole = tall ? cut : 1;
    const under = low.length === 2 ? sizes.left * whole : whole;
    const marks = [...new Set([0, cut, under, 1].map((value) => Math.round(value * 1e3) / 1e3))].sort((a, b) => a - b);
    const middles = marks.slice(1).map((mark, i) => (mark + marks[i]) / 2);
    const columns = marks.slice(1).map((mark, i) => share(mark - marks[i])).join(" ");
    const row = (cells) => middles.map(cells);
    const beside = (cell) => (x) => (tall && x > cut ? up[1] : cell(x));
    const areas = [row(() => "bar")];
    const rows = ["auto"];
    const lines = { height: { gridArea: "status" } };
    if (up.length) {
      areas.push(row((x) => (x < cut ? up[0] : up[1])));
      rows.push(share(low.length ? sizes.above : 1));
      if (up.length === 2) lines.main = { gridArea: up[1] };
    }
    if (timed) {
      areas.push(row(beside(() => "time")));
      rows.push("auto");
    }
    if (low.length) {
      areas.push(row(beside((x) => (x < under ? low[0] : low[1] ?? low[0]))));
      rows.push(share(up.length ? 1 - sizes.above : 1));
      const last = tall ? middles.filter((x) => x < cut).length + 1 : middles.length + 1;
      if (up.length) lines.above = { gridArea: `${rows.length} / 1 / ${rows.length + 1} / ${last}` };
      if (low.length === 2) lines.left = { gridArea: low[1] };
    }
    areas.push(row(() => "status"));
    rows.push("auto");
    return { columns, rows: rows.join(" "), areas, lines, tabs: [] };
  },

  // The first has a row of its own; below it one stands high on the left, the others on the right.
  medium({ at, timed }) {
    const [first, ...rest] = ["main", ...UNDER].map(at).filter(Boolean);
    const areas = [["bar", "bar"], [first, first]];
    const rows = ["auto", `${BELOW.medium[0]}px`];
    if (timed) areas.push(["time", "time"]), rows.push("auto");
    if (rest.length === 1) areas.push([rest[0], rest[0]]);
    else if (rest.length) areas.push([rest[0], rest[1]]);
    if (rest.length) rows.push(`${rest.length === 2 ? 340 : BELOW.medium[1]}px`);
    if (rest.length === 3) areas.push([rest[0], rest[2]]), rows.push(`${BELOW.medium[2]}px`);
    areas.push(["status", "status"]);
    rows.push("auto");
    return { columns: `${share(0.44)} ${share(0.56)}`, rows: rows.join(" "), areas, lines: {}, tabs: [] };
  },

  // One below the other: the first, and one of the others, behind tabs.
  narrow({ at, timed, front }) {
    const [first, ...rest] = ["main", ...UNDER].map(at).filter(Boolean);
    const chosen = rest.includes(front) ? front : rest[0];
    const areas = [["bar"], [first]];
    const rows = ["auto", `${BELOW.narrow[0]}px`];
    if (timed) areas.push(["time"]), rows.push("auto");
    if (rest.length > 1) areas.push(["front"]), rows.push("auto");
    if (chosen) areas.push([chosen]), rows.push(`${BELOW.narrow[1]}px`);
    areas.push(["status"]);
    rows.push("auto");
    return { columns: share(1), rows: rows.join(" "), areas, lines: {}, tabs: rest, front: chosen };
  },
};
