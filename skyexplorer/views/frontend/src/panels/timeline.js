// Events in time, and a window over them: dragged, zoomed, stepped by keys, and played.
//
// Times are MJD (UTC). While the hand or the clock moves the window it is drawn from here, and Python is told at most
// eight times a second and never before it has answered; else it is where Python says.
import { clock } from "./clock.js";
import { follow, h, iconButton, svg } from "./dom.js";
import { drawStrip, spelled, STEPS } from "./strip.js";
import { twin } from "./twin.js";

const PLAY = ["M4.800 3.200l7.600 4.800l-7.600 4.800z"];
const PAUSE = ["M5.400 3.600v8.800M10.600 3.600v8.800"];
const BACK = ["M11.400 3.800L6.400 8l5 4.200z", "M4.600 3.800v8.400"];
const ON = ["M4.600 3.800l5 4.200l-5 4.200z", "M11.400 3.800v8.400"];
const GROWS = ["M2.600 12.400h10.800", "M2.600 10.400v-1.600h3.600v-2.400h3.600v-2.600h3.600"];
const FIT = ["M2.600 4v8M13.400 4v8", "M5 8h6", "M6.600 6.200L4.800 8l1.800 1.800M9.400 6.200L11.200 8l-1.800 1.800"];
const CLEAR = ["M4.400 4.400l7.200 7.200M11.600 4.400l-7.200 7.200"];
const EVERY = 125; // ms between windows that are told
const CLICK_PX = 4;
const GRAB_PX = 9;

const doubles = (view) => new Float64Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
const bytes = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

export function renderTimeline({ model, el, texts, tell }) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const handles = ["start", "stop"].map((end) =>
    h("div", { className: "skx-time-handle", role: "slider", tabIndex: 0, "aria-label": texts[end], "data-end": end, onkeydown: (e) => keyHandle(e, end) }),
  );
  const strip = h("div", { className: "skx-time-strip", role: "group", tabIndex: 0, "aria-label": texts.strip }, canvas, ...handles);
  const tip = h("div", { className: "skx-time-tip", hidden: true });
  strip.append(tip);
  const play = iconButton(PLAY, texts.play, () => (running.on ? running.stop() : running.start()));
  const back = iconButton(BACK, texts.back, () => jump(-1));
  const on = iconButton(ON, texts.on, () => jump(1));
  const mode = iconButton(GROWS, texts.mode, () => tell("mode", { name: model.get("mode") === "window" ? "cumulative" : "window" }));
  const speed = h("select", { "aria-label": texts.speed, title: texts.speed, onchange: () => tell("speed", { value: Number(speed.value) }) });
  const dates = h("span", { className: "skx-time-dates" });
  const count = h("span", { className: "skx-count" });
  const fit = iconButton(FIT, texts.fit, () => look([]));
  const clear = iconButton(CLEAR, texts.clear, () => {
    running.stop();
    local = null;
    tell("clear");
  });
  const table = twin({ model, texts, tell }, el);
  el.setAttribute("role", "region");
  el.setAttribute("aria-label", texts.panel);
  el.append(
    h("div", { className: "skx-time-left" }, h("div", {}, back, play, on, mode), speed),
    strip,
    h("div", { className: "skx-time-right" }, h("div", {}, count, table.button, fit, clear), dates),
    h("div", { className: "skx-time-table" }, table.root, table.pages),
  );

  let data = { times: new Float64Array(), kinds: new Uint8Array(), messengers: [], names: [] };
  let local = null; // the window under the hand or the clock
  let drag = null;
  let [turn, sent, late] = [model.get("heard"), 0, 0];

  const extent = () => model.get("extent");
  const view = () => (model.get("view").length ? model.get("view") : extent());
  const windowed = () => local ?? (model.get("window").length ? model.get("window") : null);
  const span = () => windowed() ?? extent();
  const width = () => strip.clientWidth;
  const x = (time) => ((time - view()[0]) / (view()[1] - view()[0])) * width();
  const time = (px) => view()[0] + (px / width()) * (view()[1] - view()[0]);

  function push(final) {
    clearTimeout(late);
    const now = performance.now();
    const waiting = turn > model.get("heard") && now - sent < 2000;
    if (!final && (waiting || now - sent < EVERY)) return;
    sent = now;
    turn += 1;
    tell("window", { start: local[0], stop: local[1], turn });
  }

  // Within the extent; a window keeps its width at either end.
  function put([start, stop], final, whole = false) {
    const [low, high] = extent();
    if (whole) {
      const shift = Math.max(low - start, 0) + Math.min(high - stop, 0);
      [start, stop] = [start + shift, stop + shift];
    }
    local = [Math.max(low, Math.min(start, stop)), Math.min(high, Math.max(start, stop))];
    push(final);
    draw();
  }

  function look(next) {
    const [low, high] = extent();
    const whole = !next.length || (next[0] <= low && next[1] >= high);
    model.set("view", whole ? [] : [Math.max(low, next[0]), Math.min(high, next[1])]);
    model.save_changes();
    draw();
  }

  function jump(way) {
    const [start, stop] = span();
    const [low, high] = extent();
    if (model.get("mode") === "cumulative") return put([low, Math.max(low, Math.min(high, stop + (way * (high - low)) / 40))], true);
    const wide = windowed() ? stop - start : (high - low) / 20;
    const from = windowed() ? start + way * wide : way > 0 ? low : high - wide;
    put([from, from + wide], true, true);
  }

  function keyHandle(event, end) {
    const [start, stop] = span();
    const step = ((view()[1] - view()[0]) / 400) * (event.shiftKey ? 10 : 1);
    const [low, high] = extent();
    const at = end === "start" ? start : stop;
    const to = { ArrowLeft: at - step, ArrowRight: at + step, ArrowDown: at - step, ArrowUp: at + step, Home: low, End: high }[event.key];
    if (to === undefined) return;
    put(end === "start" ? [Math.min(to, stop), stop] : [start, Math.max(to, start)], false);
    clearTimeout(late);
    late = setTimeout(() => local && push(true), 200);
    event.preventDefault();
    event.stopPropagation();
  }

  strip.addEventListener("keydown", (event) => {
    const act = {
      ArrowLeft: () => jump(-1), ArrowRight: () => jump(1), " ": () => play.click(), Escape: () => clear.click(),
      "+": () => zoom(0.6, width() / 2), "-": () => zoom(1 / 0.6, width() / 2), 0: () => look([]),
    }[event.key]; // fmt
    if (!act || event.target !== strip) return;
    act();
    event.preventDefault();
    event.stopPropagation();
  });

  function zoom(factor, px) {
    const [low, high] = view();
    const at = time(px);
    const least = 1e-5; // about a second
    const k = Math.max(factor, least / (high - low));
    look([at - (at - low) * k, at + (high - at) * k]);
  }

  strip.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const [low, high] = view();
      const along = event.shiftKey ? event.deltaY : event.deltaX;
      if (Math.abs(along) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
        const shift = (along / width()) * (high - low);
        const [first, last] = extent();
        const kept = Math.max(first - low, Math.min(last - high, shift));
        look([low + kept, high + kept]);
      } else zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) / 160), spot(event));
    },
    { passive: false },
  );

  const spot = (event) => event.clientX - strip.getBoundingClientRect().left;

  // The event that a point of the strip means, or -1.
  function near(px) {
    if (!data.names.length) return -1;
    let [best, gap] = [-1, 6];
    data.times.forEach((at, i) => {
      const far = Math.abs(x(at) - px);
      if (far < gap) [best, gap] = [i, far];
    });
    return best;
  }

  // Which part of the window is taken hold of.
  function part(px) {
    const [start, stop] = span().map(x);
    const [a, b] = [Math.abs(px - start), Math.abs(px - stop)];
    if (Math.min(a, b) <= GRAB_PX) return a < b ? "start" : "stop";
    return windowed() && px > start && px < stop ? "whole" : "new";
  }

  strip.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    running.stop();
    const px = spot(event);
    drag = { px, at: time(px), part: part(px), span: [...span()], far: false };
    strip.setPointerCapture(event.pointerId);
    if (drag.part === "start" || drag.part === "stop") handles[drag.part === "start" ? 0 : 1].focus({ preventScroll: true });
    else strip.focus({ preventScroll: true });
    event.preventDefault();
  });
  strip.addEventListener("pointermove", (event) => {
    const px = spot(event);
    if (!drag) {
      const [index, over] = [near(px), part(px)];
      strip.style.cursor = index >= 0 && over !== "start" && over !== "stop" ? "pointer" : { start: "ew-resize", stop: "ew-resize", whole: "grab", new: "crosshair" }[over];
      tip.hidden = index < 0;
      if (index >= 0) {
        tip.textContent = `${data.names[index]} · ${spelled(data.times[index], view()[1] - view()[0])}`;
        tip.style.left = `${Math.max(0, Math.min(px - tip.offsetWidth / 2, width() - tip.offsetWidth))}px`;
      }
      return;
    }
    drag.far ||= Math.abs(px - drag.px) > CLICK_PX;
    if (!drag.far) return;
    tip.hidden = true;
    const [start, stop] = drag.span;
    const shift = time(px) - drag.at;
    if (drag.part === "start") put([Math.min(start + shift, stop), stop], false);
    else if (drag.part === "stop") put([start, Math.max(stop + shift, start)], false);
    else if (drag.part === "whole") put([start + shift, stop + shift], false, true);
    else put([drag.at, time(px)], false);
  });
  const release = (event) => {
    const held = drag;
    drag = null;
    if (!held) return;
    if (held.far) push(true);
    else if (near(spot(event)) >= 0) tell("choose", { index: near(spot(event)) });
    draw();
  };
  strip.addEventListener("pointerup", release);
  strip.addEventListener("pointercancel", release);
  strip.addEventListener("pointerleave", () => (tip.hidden = true));
  strip.addEventListener("dblclick", () => {
    const now = windowed();
    if (!now || model.get("view").length) return look([]);
    const pad = Math.max((now[1] - now[0]) * 0.3, 1e-5);
    look([now[0] - pad, now[1] + pad]);
  });

  const pace = () => Number(speed.value) / 86400; // d/s
  const running = clock({
    begun() {
      const [low, high] = extent();
      const [start, stop] = span();
      const ended = stop >= high - 1e-9;
      if (model.get("mode") === "cumulative") put([low, ended ? low : stop], true);
      else if (!windowed()) put([low, low + (high - low) / 20], true);
      else if (ended) put([low, low + stop - start], true);
    },
    tick(seconds) {
      const [start, stop] = span();
      const [low, high] = extent();
      const by = Math.min(seconds * pace(), high - stop);
      const grows = model.get("mode") === "cumulative";
      const last = stop + by >= high - 1e-9;
      put([grows ? low : start + by, stop + by], last);
      return !last;
    },
    changed(going) {
      play.replaceChildren(svg(going ? PAUSE : PLAY));
      play.setAttribute("aria-label", going ? texts.pause : texts.play);
      play.title = going ? texts.pause : texts.play;
      play.setAttribute("aria-pressed", String(going));
      if (!going && local) push(true);
    },
  });

  // Paces that go through all of it in a sensible time, in round units.
  function paces() {
    const [low, high] = extent();
    const whole = (high - low) * 86400;
    const fitting = STEPS.filter((step) => whole / step >= 2 && whole / step <= 4000);
    const chosen = model.get("speed") || fitting.reduce((best, step) => (Math.abs(Math.log(whole / step / 30)) < Math.abs(Math.log(whole / best / 30)) ? step : best), fitting[0] ?? 1);
    const all = [...new Set([...fitting, chosen])].sort((a, b) => a - b);
    speed.replaceChildren(...all.map((value) => h("option", { value }, texts.per_second.replace("{span}", unit(value)))));
    speed.value = String(chosen);
  }

  function unit(seconds) {
    for (const [size, name] of [[31557600, texts.unit_yr], [86400, texts.unit_d], [3600, texts.unit_h], [60, texts.unit_min]]) {
      if (seconds >= size) return `${Math.round((seconds / size) * 100) / 100} ${name}`;
    }
    return `${seconds} ${texts.unit_s}`;
  }

  let asked = null;
  const draw = () => (asked ??= requestAnimationFrame(() => {
    asked = null;
    paint();
  }));

  function paint() {
    if (!extent().length || !width()) return;
    const now = windowed();
    drawStrip(canvas, strip, { ...data, view: view(), window: now });
    const [low, high] = view();
    handles.forEach((node, i) => {
      const at = span()[i];
      node.style.left = `${Math.max(0, Math.min(width(), x(at)))}px`;
      node.classList.toggle("skx-outside", at < low || at > high);
      node.setAttribute("aria-valuemin", extent()[0]);
      node.setAttribute("aria-valuemax", extent()[1]);
      node.setAttribute("aria-valuenow", at);
      node.setAttribute("aria-valuetext", spelled(at, high - low));
    });
    const long = now ? now[1] - now[0] : high - low;
    dates.textContent = now ? `${spelled(now[0], long)} – ${spelled(now[1], long)}` : texts.all;
    dates.title = dates.textContent;
  }

  const sizes = new ResizeObserver(draw);
  sizes.observe(strip);
  const themes = new MutationObserver(draw);
  const placed = requestAnimationFrame(() => {
    const root = el.closest(".skx-root");
    if (root) themes.observe(root, { attributes: true, attributeFilter: ["class"] });
  });
  const undo = [
    table.undo,
    follow(model, ["times", "kinds", "messengers", "names", "extent"], () => {
      data = { times: doubles(model.get("times")), kinds: bytes(model.get("kinds")), messengers: model.get("messengers"), names: model.get("names") };
      el.classList.toggle("skx-none", !extent().length);
      if (!extent().length) return running.stop();
      paces();
      draw();
    }),
    follow(model, ["speed"], () => extent().length && paces()),
    follow(model, ["mode"], () => mode.setAttribute("aria-pressed", String(model.get("mode") === "cumulative"))),
    follow(model, ["counted"], () => (count.textContent = model.get("counted"))),
    follow(model, ["window", "heard", "view"], () => {
      // What another moved while nothing here moves it.
      if (!drag && !running.on && model.get("heard") >= turn) local = null;
      clear.disabled = !model.get("window").length && !local;
      draw();
    }),
  ];
  return () => {
    running.dispose();
    clearTimeout(late);
    cancelAnimationFrame(asked);
    cancelAnimationFrame(placed);
    sizes.disconnect();
    themes.disconnect();
    undo.forEach((fn) => fn());
  };
}
