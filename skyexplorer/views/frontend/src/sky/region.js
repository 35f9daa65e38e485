// The tools on the sky: circle, box, polygon, lasso, measure; and what they leave: a region that can be moved.
//
// While a tool is chosen a pane lies over the sky and takes the pointer, so that neither Aladin pans nor a
// source is picked; the wheel goes through. The keys do the same: arrows move a cross, Space presses, Enter
// closes, Escape ends. What is drawn is kept in sky coordinates: zooming on the way is no harm.
import { outline, paint, size, spot as dot, trace } from "./drawn.js";
import { Measure } from "./measure.js";
import { MESSAGE } from "./messages.js";
import { label } from "./shapes.js";
import { arc, separation } from "./sphere.js";
import { ToolStrip } from "./toolstrip.js";
import { Vertices } from "./vertices.js";

const CLICK_PX = 6; // less between press and release is a click
const CLOSE_PX = 11; // this near to the first corner closes the polygon
const CORNERS = 60; // at most, of a line drawn by hand
const SPANNED = new Set(["circle", "box"]); // by two points

export class RegionTool {
  constructor(aladin, model, glass) {
    Object.assign(this, { aladin, model, glass, tool: "", points: [], at: null, press: null });
    this.pane = document.createElement("div");
    this.pane.className = "skx-draw";
    this.pane.tabIndex = 0;
    this.pane.setAttribute("role", "application");
    this.pane.hidden = true;
    this.hint = document.createElement("p");
    this.hint.className = "skx-draw-hint";
    this.hint.setAttribute("role", "status");
    this.pane.append(this.hint);
    glass.canvas.after(this.pane);
    this.project.span = () => Math.max(aladin.view.width, aladin.view.height);
    const on = {
      pointerdown: (e) => this.down(e),
      pointermove: (e) => this.move(e),
      pointerup: (e) => this.up(e),
      pointercancel: () => (this.press = null),
      dblclick: () => this.close(),
      keydown: (e) => this.key(e),
      wheel: (e) => this.zoom(e),
    };
    for (const [type, fn] of Object.entries(on)) this.pane.addEventListener(type, fn);
    this.measure = new Measure(this);
    this.vertices = new Vertices(this);
    this.strip = new ToolStrip(this);
    // Python repeats what was taken here: that is no reason to begin anew, nor is what it said before.
    this.onTool = () => {
      const tool = model.get("_tool");
      if (this.awaited !== undefined && tool !== this.awaited) return;
      this.awaited = undefined;
      if (tool === this.tool) return;
      this.choose(tool);
      // Taken in a panel of this explorer: the keys go on here. Taken in another view: they stay there.
      if (tool && this.pane.closest(".skx-root")?.contains(document.activeElement)) this.pane.focus({ preventScroll: true });
    };
    model.on("change:_tool", this.onTool);
    // Escape takes a measurement away wherever on the sky the focus is.
    this.onKey = (event) => {
      if (event.key === "Escape" && !this.tool && this.measure.clear()) event.stopPropagation();
    };
    aladin.aladinDiv.addEventListener("keydown", this.onKey);
    glass.sketch = (g) => this.draw(g);
    this.onTool();
  }

  // What the strip does: here at once, and in Python one turn later.
  take(tool) {
    const next = tool === this.tool ? "" : tool;
    this.choose(next);
    this.expect(next);
    if (next) this.pane.focus({ preventScroll: true }); // not where another view took it
    this.model.send({ event_type: MESSAGE.tool, name: next });
  }

  expect(tool) {
    this.awaited = tool === this.model.get("_tool") ? undefined : tool;
    clearTimeout(this.forget);
    this.forget = setTimeout(() => {
      this.awaited = undefined; // a kernel that never answered does not decide for ever
      this.onTool();
    }, 10000);
  }

  choose(tool) {
    if (this.tool === "measure" && tool !== "measure") this.measure.end();
    this.tool = tool;
    this.points = [];
    this.at = this.press = null;
    const held = document.activeElement === this.pane;
    this.pane.hidden = !tool;
    if (held && !tool) this.aladin.aladinDiv.querySelector(".skx-look")?.focus({ preventScroll: true }); // the keys go on there
    this.strip.show();
    if (tool) {
      const text = this.model.get("_texts")[`draw_${tool}`];
      this.hint.textContent = text;
      this.pane.setAttribute("aria-label", text);
    }
    this.glass.redraw();
  }

  // Degrees under a point of the pane, or null beside the sky.
  world([x, y]) {
    const [ra, dec] = this.glass.under(x, y) ?? [];
    return Number.isFinite(ra) && Number.isFinite(dec) ? [ra, dec] : null;
  }

  project = (ra, dec) => this.glass.project(ra, dec);

  screen([ra, dec]) {
    const [x, y] = this.project(Float64Array.of(ra), Float64Array.of(dec));
    return Number.isFinite(x) && Number.isFinite(y) && !(x === 0 && y === 0) ? [x, y] : null;
  }

  spot(event) {
    const box = this.glass.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  zoom(event) {
    event.preventDefault();
    this.aladin.view.catalogCanvas.dispatchEvent(new WheelEvent("wheel", event));
  }

  down(event) {
    if (event.button !== 0 || !event.isPrimary) return;
    event.preventDefault();
    this.pane.focus({ preventScroll: true });
    this.pane.setPointerCapture(event.pointerId);
    const spot = this.spot(event);
    this.at = spot;
    this.press = { spot, line: [spot], fresh: !this.points.length };
    if (this.tool === "measure") this.measure.down(spot);
    else if (SPANNED.has(this.tool) && this.press.fresh) this.add(spot);
  }

  move(event) {
    const spot = this.spot(event);
    this.at = spot;
    if (this.press) this.press.line.push(spot);
    if (this.tool === "measure") this.measure.say();
    this.glass.redraw();
  }

  up(event) {
    const { press } = this;
    this.press = null;
    if (!press) return;
    const spot = this.spot(event);
    const dragged = Math.max(...press.line.concat([spot]).map((p) => gap(p, press.spot))) > CLICK_PX;
    this.at = spot;
    if (this.tool === "measure") this.measure.up(spot, dragged);
    else if (SPANNED.has(this.tool)) {
      if (dragged || !press.fresh) this.finish();
    } else if (dragged) {
      for (const p of simplified(press.line.concat([spot]), CORNERS)) this.add(p);
      this.finish();
    } else this.corner(spot);
    this.glass.redraw();
  }

  key(event) {
    const step = event.shiftKey ? 40 : 10;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const { clientWidth: w, clientHeight: h } = this.pane;
    if (event.key === "Escape") this.end();
    else if (event.key === "Enter") this.close();
    else if (event.key === "Backspace") this.tool === "measure" ? this.measure.pop() : this.points.pop();
    else if (event.key === " ") {
      this.at ??= [w / 2, h / 2];
      if (this.tool === "measure") this.measure.add(this.at);
      else if (!SPANNED.has(this.tool)) this.corner(this.at);
      else if (this.points.length) this.finish();
      else this.add(this.at);
    } else if (event.key in moves) {
      const [x, y] = this.at ?? [w / 2, h / 2];
      const [dx, dy] = moves[event.key];
      this.at = [Math.min(w, Math.max(0, x + dx)), Math.min(h, Math.max(0, y + dy))];
      if (this.tool === "measure") this.measure.say();
    } else return;
    event.preventDefault();
    event.stopPropagation();
    this.glass.redraw();
  }

  add(spot) {
    const at = this.world(spot);
    if (at) this.points.push(at);
  }

  corner(spot) {
    const [first, last] = [this.points[0], this.points.at(-1)].map((point) => point && this.screen(point));
    if (this.points.length > 2 && first && gap(spot, first) <= CLOSE_PX) this.finish();
    else if (!last || gap(spot, last) > 2) this.add(spot);
  }

  close() {
    if (this.tool === "measure") this.take("");
    else if (SPANNED.has(this.tool) ? this.points.length : this.points.length > 2) this.finish();
  }

  // The shape so far: with the second point where the pointer is.
  sketched() {
    if (!SPANNED.has(this.tool)) return ["polygon", this.points];
    const there = this.at && this.world(this.at);
    return [this.tool, there && this.points.length ? [this.points[0], there] : this.points];
  }

  finish() {
    const [shape, points] = this.sketched();
    if (points.length < (SPANNED.has(shape) ? 2 : 3)) return;
    if (shape !== "polygon" && separation(...points) <= 0) return;
    this.vertices.tell(shape, points, true);
    this.choose(""); // Python says the same, one turn later
    this.expect("");
  }

  end() {
    if (this.tool === "measure") this.measure.clear();
    this.take("");
  }

  draw(g) {
    this.vertices.draw(g);
    this.measure.draw(g);
    if (SPANNED.has(this.tool)) this.drawSpanned(g);
    else if (this.tool === "polygon" || this.tool === "lasso") this.drawCorners(g);
    if (this.tool && this.at && document.activeElement === this.pane && !this.press) cross(g, ...this.at);
    this.strip.place();
  }

  drawSpanned(g) {
    const [shape, points] = this.sketched();
    if (points.length < 2) return;
    const path = new Path2D();
    trace(path, outline(shape, points), this.project, true);
    paint(g, path);
    label(g, size(shape, points), this.at[0] + 14, this.at[1] - 14);
  }

  drawCorners(g) {
    const path = new Path2D();
    const box = trace(path, this.points.length > 1 ? legs(this.points) : [], this.project, false);
    const ahead = this.press ? this.press.line : this.at && this.points.length ? [this.at] : [];
    const last = this.points.length ? this.screen(this.points.at(-1)) : null;
    if (ahead.length && (box.whole || this.points.length < 2)) {
      const start = this.points.length ? last : ahead[0];
      if (start && this.points.length < 2) path.moveTo(...start);
      for (const [x, y] of ahead) path.lineTo(x, y);
      const first = this.points.length ? this.screen(this.points[0]) : ahead[0];
      if (first) path.lineTo(...first);
    }
    paint(g, path, { fill: 0.1 });
    for (const [i, point] of this.points.entries()) {
      const at = this.screen(point);
      if (at) dot(g, ...at, i ? 3 : 5);
    }
  }

  dispose() {
    clearTimeout(this.forget);
    this.model.off("change:_tool", this.onTool);
    this.aladin.aladinDiv.removeEventListener("keydown", this.onKey);
    this.glass.sketch = null;
    this.vertices.dispose();
    this.measure.dispose();
    this.strip.dispose();
    this.pane.remove();
  }
}

const legs = (points) => points.slice(1).flatMap((point, i) => arc(points[i], point, 2));
const gap = ([x, y], [a, b]) => Math.hypot(x - a, y - b);

// Ramer's way: the corners that matter, with a coarser measure until they are few enough.
function simplified(line, most) {
  for (let tolerance = 2; ; tolerance *= 1.5) {
    const kept = ramer(line, tolerance);
    if (kept.length <= most) return kept;
  }
}

function ramer(line, tolerance) {
  if (line.length < 3) return line;
  const [[x0, y0], [x1, y1]] = [line[0], line.at(-1)];
  const length = Math.hypot(x1 - x0, y1 - y0);
  let [worst, at] = [0, 0];
  for (let i = 1; i < line.length - 1; i++) {
    const [x, y] = line[i];
    const off = length > 1 ? Math.abs((x1 - x0) * (y0 - y) - (x0 - x) * (y1 - y0)) / length : gap(line[i], line[0]);
    if (off > worst) [worst, at] = [off, i];
  }
  if (worst <= tolerance) return [line[0], line.at(-1)];
  return ramer(line.slice(0, at + 1), tolerance).slice(0, -1).concat(ramer(line.slice(at), tolerance));
}

function cross(g, x, y) {
  for (const [style, width] of [["rgba(4,8,18,0.7)", 3.5], ["#ffffff", 1.2]]) {
    g.strokeStyle = style;
    g.lineWidth = width;
    g.beginPath();
    g.moveTo(x - 9, y); g.lineTo(x + 9, y);
    g.moveTo(x, y - 9); g.lineTo(x, y + 9);
    g.stroke();
  }
}
