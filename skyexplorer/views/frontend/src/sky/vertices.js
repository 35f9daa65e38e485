// The chosen region, where it is a circle, a box or a polygon: drawn here, and moved by its handles.
//
// Handles are buttons over the sky: the centre moves the whole, so does a drag inside with Alt; edge and corners
// are moved by pointer or arrows; a middle becomes a corner; Delete takes a corner away, Insert adds one after it.
// Python hears at most eight shapes a second, and the last one as `final`. While the hand is on it, and until
// Python has answered to the last message, what comes back is older than what is shown, and is not looked at.
import { handles, moved, outline, paint, shifted, size, trace } from "./drawn.js";
import { MESSAGE } from "./messages.js";
import { label } from "./shapes.js";
import { middle } from "./sphere.js";

const EVERY = 125; // ms between messages
const APART = 11; // px between handles that are shown
const ROOM = 46; // px that an edge needs for a handle in its middle
const LEAST = 22; // px across, below which a region has no handles

export class Vertices {
  constructor(tools) {
    Object.assign(this, { tools, model: tools.model, me: crypto.randomUUID?.() ?? String(Math.random()), local: null, drag: null, unsent: false, turn: 0, sent: 0, buttons: new Map(), box: null });
    this.root = document.createElement("div");
    this.root.className = "skx-handles";
    this.root.setAttribute("role", "group");
    this.root.setAttribute("aria-label", tools.model.get("_texts").handles);
    tools.pane.after(this.root);
    this.probe = document.createElement("canvas").getContext("2d");
    this.onRegion = () => {
      const { view, turn } = this.model.get("_region");
      if (!this.drag && !this.unsent && !(view === this.me && turn < this.turn)) this.local = null;
      tools.glass.redraw();
    };
    this.model.on("change:_region", this.onRegion);
    // Before Aladin and the picking hear of it.
    this.onDown = (event) => this.downInside(event);
    tools.aladin.aladinDiv.addEventListener("pointerdown", this.onDown, { capture: true });
  }

  // {shape, points} that is shown.
  get now() {
    if (this.local) return this.local;
    const { shape = "", points = [] } = this.model.get("_region");
    return { shape, points };
  }

  tell(shape, points, final) {
    this.local = { shape, points };
    const now = performance.now();
    const heard = this.model.get("_region");
    const waiting = heard.view === this.me && heard.turn < this.turn;
    this.unsent = !final && (now - this.sent < EVERY || (waiting && now - this.sent < 2000));
    if (this.unsent) return; // an answer to what was sent before does not undo it
    this.sent = now;
    this.turn += 1;
    this.model.send({ event_type: MESSAGE.region, shape, points, final, view: this.me, turn: this.turn });
  }

  start(handle, from, at) {
    let { shape, points } = this.now;
    if (handle.kind === "middle") {
      points = points.toSpliced(handle.index + 1, 0, handle.at);
      handle = { kind: "corner", index: handle.index + 1 };
    }
    this.drag = { shape, points, handle, from, at, moved: false };
  }

  follow(spot) {
    const { drag, tools } = this;
    const to = tools.world(spot);
    if (!drag || !to) return;
    drag.at = spot;
    drag.moved = true;
    this.tell(drag.shape, moved(drag.shape, drag.points, drag.handle, drag.from, to), false);
    tools.glass.redraw();
  }

  stop() {
    const { drag } = this;
    this.drag = null;
    if (drag?.moved && this.local) this.tell(this.local.shape, this.local.points, true);
    this.tools.glass.redraw();
  }

  downInside(event) {
    if (!event.altKey || event.button !== 0 || this.tools.tool || !this.path) return;
    const spot = this.tools.spot(event);
    if (!this.probe.isPointInPath(this.path, ...spot)) return;
    const from = this.tools.world(spot);
    if (!from) return;
    event.preventDefault();
    event.stopPropagation();
    this.start({ kind: "center", index: 0 }, from, spot);
    const move = (e) => this.follow(this.tools.spot(e));
    const up = () => {
      window.removeEventListener("pointermove", move, true);
      window.removeEventListener("pointerup", up, true);
      this.stop();
    };
    window.addEventListener("pointermove", move, true);
    window.addEventListener("pointerup", up, true);
  }

  button(handle) {
    const key = `${handle.kind}:${handle.index}`;
    let made = this.buttons.get(key);
    if (made) return made;
    const node = document.createElement("button");
    node.type = "button";
    node.className = `skx-handle skx-handle-${handle.kind}`;
    const texts = this.model.get("_texts");
    const name = texts[`handle_${handle.kind}`].replace("{number}", handle.index + 1);
    node.setAttribute("aria-label", name);
    node.title = name;
    if (handle.kind === "middle") node.tabIndex = -1;
    made = { node, handle };
    node.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !event.isPrimary) return;
      event.preventDefault();
      event.stopPropagation();
      node.focus({ preventScroll: true });
      node.setPointerCapture(event.pointerId);
      this.start(made.handle, made.handle.at, this.tools.spot(event));
      node.classList.add("skx-held");
    });
    node.addEventListener("pointermove", (event) => this.drag && node.hasPointerCapture(event.pointerId) && this.follow(this.tools.spot(event)));
    for (const type of ["pointerup", "pointercancel"]) {
      node.addEventListener(type, () => {
        node.classList.remove("skx-held");
        this.stop();
      });
    }
    node.addEventListener("keydown", (event) => this.key(event, made.handle));
    node.addEventListener("wheel", (event) => this.tools.zoom(event));
    this.root.append(node);
    this.buttons.set(key, made);
    return made;
  }

  key(event, handle) {
    const step = event.shiftKey ? 24 : 4;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const { shape, points } = this.now;
    // Where it is by now: keys may come faster than frames.
    handle = handles(shape, points).find(({ kind, index }) => kind === handle.kind && index === handle.index) ?? handle;
    if (event.key in moves) {
      const at = this.tools.screen(handle.at);
      const to = at && this.tools.world([at[0] + moves[event.key][0], at[1] + moves[event.key][1]]);
      if (to) this.tell(shape, moved(shape, points, handle, handle.at, to), false);
      clearTimeout(this.late);
      this.late = setTimeout(() => this.local && this.tell(this.local.shape, this.local.points, true), 250);
    } else if ((event.key === "Delete" || event.key === "Backspace") && handle.kind === "corner" && shape === "polygon") {
      if (points.length > 3) {
        this.tell(shape, points.toSpliced(handle.index, 1), true);
        const before = `corner:${Math.max(handle.index - 1, 0)}`;
        this.buttons.get(before)?.node.focus({ preventScroll: true });
      }
    } else if (event.key === "Insert" && handle.kind === "corner" && shape === "polygon") {
      const next = points[(handle.index + 1) % points.length];
      this.tell(shape, points.toSpliced(handle.index + 1, 0, middle(points[handle.index], next)), true);
      requestAnimationFrame(() => this.buttons.get(`corner:${handle.index + 1}`)?.node.focus({ preventScroll: true }));
    } else if (event.key === "Escape") this.tools.aladin.aladinDiv.querySelector(".skx-strip button")?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
    this.tools.glass.redraw();
  }

  draw(g) {
    const { shape, points } = this.now;
    this.box = this.path = null;
    if (!shape) return this.arrange([]);
    const ring = outline(shape, points);
    const path = new Path2D();
    const box = trace(path, ring, this.tools.project, true);
    paint(g, path, { fill: box.whole ? 0.08 : 0 });
    if (Number.isFinite(box.left)) this.box = box;
    if (box.whole) this.path = path;
    if (this.drag) label(g, size(shape, points), this.drag.at[0] + 16, this.drag.at[1] - 16);
    this.arrange(this.tools.tool ? [] : this.seen(shape, points, box));
  }

  // The handles that have room on the screen; the one under the hand stays.
  seen(shape, points, box) {
    if (this.drag) return [];
    const across = Math.max(box.right - box.left, box.bottom - box.top);
    const focused = this.root.contains(document.activeElement); // which else would fall to the page
    if (!(across >= LEAST) && !focused) return [];
    const all = handles(shape, points);
    const xy = this.tools.project(Float64Array.from(all, (one) => one.at[0]), Float64Array.from(all, (one) => one.at[1]));
    const placed = all.map((handle, i) => ({ handle, x: xy[2 * i], y: xy[2 * i + 1] }));
    const there = placed.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y) && !(x === 0 && y === 0));
    const kept = [];
    const corners = placed.filter(({ handle }) => handle.kind === "corner");
    for (const one of there) {
      if (one.handle.kind === "middle") {
        const [a, b] = [corners[one.handle.index], corners[(one.handle.index + 1) % corners.length]];
        if (!(Math.hypot(a.x - b.x, a.y - b.y) >= ROOM)) continue;
      }
      const held = this.buttons.get(`${one.handle.kind}:${one.handle.index}`)?.node === document.activeElement;
      if (held || kept.every(({ x, y }) => Math.hypot(x - one.x, y - one.y) >= APART)) kept.push(one);
    }
    return kept;
  }

  arrange(kept) {
    const wanted = new Set();
    for (const { handle, x, y } of kept) {
      const made = this.button(handle);
      made.handle = handle;
      made.node.style.transform = `translate(${x}px, ${y}px)`;
      made.node.hidden = false;
      wanted.add(made);
    }
    for (const [key, made] of this.buttons) {
      if (wanted.has(made)) continue;
      if (this.drag) {
        // The one under the hand keeps the pointer; the others are out of the way.
        if (made.node.classList.contains("skx-held")) made.node.style.transform = `translate(${this.drag.at[0]}px, ${this.drag.at[1]}px)`;
        else made.node.hidden = true;
        continue;
      }
      made.node.remove();
      this.buttons.delete(key);
    }
  }

  dispose() {
    clearTimeout(this.late);
    this.model.off("change:_region", this.onRegion);
    this.tools.aladin.aladinDiv.removeEventListener("pointerdown", this.onDown, { capture: true });
    this.root.remove();
  }
}
