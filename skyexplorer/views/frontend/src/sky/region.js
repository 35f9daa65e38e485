// Drawing a region on the sky: a circle from its centre outwards, a polygon corner by corner or along a line.
//
// While a tool is chosen a pane lies over the sky and takes the pointer, so that neither Aladin pans nor a
// source is picked; the wheel goes through. The keys do the same: arrows move a cross, Space presses, Enter
// closes, Escape ends. What is drawn is kept in sky coordinates: zooming on the way is no harm.
import { MESSAGE } from "./messages.js";
import { label } from "./shapes.js";

const CLICK_PX = 6; // less between press and release is a click
const CLOSE_PX = 11; // this near to the first corner closes the polygon
const CORNERS = 60; // at most, of a line drawn by hand
const COLOR = "#f2f6ff";

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
    const on = {
      pointerdown: (e) => this.down(e),
      pointermove: (e) => this.move(e),
      pointerup: (e) => this.up(e),
      dblclick: () => this.close(),
      keydown: (e) => this.key(e),
      wheel: (e) => {
        e.preventDefault();
        aladin.view.catalogCanvas.dispatchEvent(new WheelEvent("wheel", e));
      },
    };
    for (const [type, fn] of Object.entries(on)) this.pane.addEventListener(type, fn);
    this.onTool = () => this.choose(model.get("_tool"));
    model.on("change:_tool", this.onTool);
    glass.sketch = (g) => this.draw(g);
    this.onTool();
  }

  choose(tool) {
    this.tool = tool;
    this.points = [];
    this.at = this.press = null;
    this.pane.hidden = !tool;
    if (tool) {
      const text = this.model.get("_texts")[`draw_${tool}`];
      this.hint.textContent = text;
      this.pane.setAttribute("aria-label", text);
      this.pane.focus({ preventScroll: true });
    }
    this.glass.redraw();
  }

  // Degrees under a point of the pane, or null beside the sky.
  world([x, y]) {
    try {
      const [ra, dec] = this.aladin.pix2world(x, y, "ICRS");
      return Number.isFinite(ra) && Number.isFinite(dec) ? [ra, dec] : null;
    } catch {
      return null;
    }
  }

  screen([ra, dec]) {
    const [x, y] = this.glass.project(Float64Array.of(ra), Float64Array.of(dec));
    return [x, y];
  }

  spot(event) {
    const box = this.pane.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  down(event) {
    if (event.button !== 0 || !event.isPrimary) return;
    event.preventDefault();
    this.pane.focus({ preventScroll: true });
    this.pane.setPointerCapture(event.pointerId);
    this.press = { spot: this.spot(event), line: [this.spot(event)], fresh: !this.points.length };
    if (this.tool === "circle" && this.press.fresh) this.add(this.press.spot);
  }

  move(event) {
    const spot = this.spot(event);
    this.at = spot;
    if (this.press && this.tool === "polygon") this.press.line.push(spot);
    this.glass.redraw();
  }

  up(event) {
    const { press } = this;
    this.press = null;
    if (!press) return;
    const spot = this.spot(event);
    const dragged = Math.max(...press.line.concat([spot]).map((p) => gap(p, press.spot))) > CLICK_PX;
    this.at = spot;
    if (this.tool === "circle") {
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
    else if (event.key === "Backspace") this.points.pop();
    else if (event.key === " ") {
      this.at ??= [w / 2, h / 2];
      if (this.tool === "polygon") this.corner(this.at);
      else if (this.points.length) this.finish();
      else this.add(this.at);
    } else if (event.key in moves) {
      const [x, y] = this.at ?? [w / 2, h / 2];
      const [dx, dy] = moves[event.key];
      this.at = [Math.min(w, Math.max(0, x + dx)), Math.min(h, Math.max(0, y + dy))];
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
    if (this.points.length > 2 && gap(spot, this.screen(this.points[0])) <= CLOSE_PX) this.finish();
    else if (!this.points.length || gap(spot, this.screen(this.points.at(-1))) > 2) this.add(spot);
  }

  close() {
    if (this.tool === "circle" ? this.points.length : this.points.length > 2) this.finish();
  }

  finish() {
    const { tool, points } = this;
    if (tool === "circle") {
      const edge = this.at && this.world(this.at);
      if (!points.length || !edge || separation(points[0], edge) <= 0) return;
      this.model.send({ event_type: MESSAGE.region, shape: "circle", points: [points[0], edge] });
    } else {
      if (points.length < 3) return;
      this.model.send({ event_type: MESSAGE.region, shape: "polygon", points });
    }
    this.choose(""); // Python says the same, one turn later
  }

  end() {
    this.choose("");
    this.model.send({ event_type: MESSAGE.region, shape: "", points: [] });
  }

  draw(g) {
    if (!this.tool) return;
    const path = new Path2D();
    if (this.tool === "circle" && this.points.length && this.at) {
      const edge = this.world(this.at);
      if (edge) {
        const radius = separation(this.points[0], edge);
        this.trace(path, around(this.points[0], radius), true);
        this.paint(g, path);
        const [x, y] = this.at;
        label(g, radius >= 1 ? `${radius.toFixed(2)}°` : `${(radius * 60).toFixed(1)}′`, x + 12, y - 12);
      }
    } else if (this.tool === "polygon") {
      const corners = this.points.map((p) => this.screen(p));
      const ahead = this.press ? this.press.line : this.at && this.points.length ? [this.at] : [];
      const all = corners.concat(ahead);
      all.forEach(([x, y], i) => (i ? path.lineTo(x, y) : path.moveTo(x, y)));
      if (all.length > 2) path.closePath();
      this.paint(g, path);
      for (const [i, [x, y]] of corners.entries()) dot(g, x, y, i ? 3 : 5);
    }
    if (this.at && document.activeElement === this.pane && !this.press) cross(g, ...this.at);
  }

  trace(path, ring, closed) {
    const xy = this.glass.project(Float64Array.from(ring, (p) => p[0]), Float64Array.from(ring, (p) => p[1]));
    let pen = false;
    for (let i = 0; i < ring.length; i++) {
      const x = xy[2 * i], y = xy[2 * i + 1];
      if (!Number.isFinite(x) || (x === 0 && y === 0)) {
        pen = closed = false;
        continue;
      }
      if (pen) path.lineTo(x, y);
      else path.moveTo(x, y);
      pen = true;
    }
    if (closed) path.closePath();
  }

  paint(g, path) {
    g.setLineDash([]);
    g.globalAlpha = 0.14;
    g.fillStyle = COLOR;
    g.fill(path);
    g.globalAlpha = 1;
    for (const [style, width] of [["rgba(4,8,18,0.6)", 3.6], [COLOR, 1.7]]) {
      g.strokeStyle = style;
      g.lineWidth = width;
      g.stroke(path);
    }
  }

  dispose() {
    this.model.off("change:_tool", this.onTool);
    this.glass.sketch = null;
    this.pane.remove();
  }
}

const gap = ([x, y], [a, b]) => Math.hypot(x - a, y - b);
const RAD = Math.PI / 180;

function separation([ra, dec], [a, d]) {
  const h = Math.sin(((d - dec) * RAD) / 2) ** 2 + Math.cos(dec * RAD) * Math.cos(d * RAD) * Math.sin(((a - ra) * RAD) / 2) ** 2;
  return (2 * Math.asin(Math.min(1, Math.sqrt(h)))) / RAD;
}

// Points of a small circle, degrees.
function around([ra, dec], radius, n = 72) {
  const [s, c] = [Math.sin(radius * RAD), Math.cos(radius * RAD)];
  const [sd, cd] = [Math.sin(dec * RAD), Math.cos(dec * RAD)];
  return Array.from({ length: n }, (_, i) => {
    const t = (2 * Math.PI * i) / n;
    const z = sd * c + cd * s * Math.cos(t);
    const d = Math.asin(Math.max(-1, Math.min(1, z)));
    return [ra + Math.atan2(Math.sin(t) * s * cd, c - sd * z) / RAD, d / RAD];
  });
}

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

function dot(g, x, y, r) {
  g.beginPath();
  g.arc(x, y, r, 0, 2 * Math.PI);
  g.fillStyle = COLOR;
  g.fill();
  g.strokeStyle = "rgba(4,8,18,0.8)";
  g.lineWidth = 1.5;
  g.stroke();
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
