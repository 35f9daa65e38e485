// Measuring: how far and in which direction, from point to point along great circles.
//
// The points stay, also over a reload, since Python keeps them; Escape or "clear" takes them away.
import { paint, spot as dot, trace } from "./drawn.js";
import { MESSAGE } from "./messages.js";
import { label } from "./shapes.js";
import { arc, middle, positionAngle, separation, told } from "./sphere.js";

export class Measure {
  constructor(tools) {
    Object.assign(this, { tools, model: tools.model, points: [], open: false });
    this.onPath = () => {
      if (this.open) return; // under the hand
      this.points = this.model.get("_path").map(([ra, dec]) => [ra, dec]);
      tools.glass.redraw();
    };
    this.model.on("change:_path", this.onPath);
    this.onPath();
  }

  add(spot) {
    const at = this.tools.world(spot);
    if (!at) return;
    if (!this.open) this.points = [];
    this.open = true;
    const last = this.points.at(-1);
    if (!last || separation(last, at) > 0) this.points.push(at);
    this.say();
    if (this.points.length > 1) this.tell();
  }

  // The first point is where the press is; each other one where the pointer is let go.
  down(spot) {
    this.first = !this.open || !this.points.length;
    if (this.first) this.add(spot);
  }

  up(spot, dragged) {
    if (dragged || !this.first) this.add(spot);
  }

  pop() {
    this.points.pop();
    this.tell();
  }

  // The tool is put away: what was measured stays.
  end() {
    if (this.open && this.points.length < 2) this.points = [];
    this.open = false;
  }

  // Whether there was something to take away.
  clear() {
    const some = this.points.length > 0;
    this.points = [];
    this.open = false;
    if (some) this.tell();
    this.tools.glass.redraw();
    return some;
  }

  tell() {
    this.model.send({ event_type: MESSAGE.measured, points: this.points.length > 1 ? this.points : [] });
  }

  // All points, with the one under the pointer while the tool is in hand.
  line() {
    const { tools, points } = this;
    const ahead = this.open && tools.tool === "measure" && tools.at ? tools.world(tools.at) : null;
    return ahead && points.length ? [...points, ahead] : points;
  }

  // Also in words, below the sky: for those who hear it.
  say() {
    const line = this.line();
    if (line.length > 1) this.tools.hint.textContent = words(line);
  }

  draw(g) {
    const line = this.line();
    const { tools } = this;
    if (line.length > 1) {
      const path = new Path2D();
      for (let i = 1; i < line.length; i++) trace(path, arc(line[i - 1], line[i], 1), tools.project, false);
      paint(g, path, { fill: 0, dash: [5, 4], width: 1.6 });
    }
    for (const point of line) {
      const at = tools.screen(point);
      if (at) dot(g, ...at, 3.5);
    }
    // The last one first: of labels that would lie over each other the earlier is left out.
    const taken = [];
    for (let i = line.length - 1; i > 0; i--) {
      const last = i === line.length - 1;
      const at = tools.screen(last ? line[i] : middle(line[i - 1], line[i]));
      if (!at || !separation(line[i - 1], line[i])) continue;
      const text = last ? words(line) : told(separation(line[i - 1], line[i]));
      const box = this.room(g, text, at);
      if (taken.some((other) => box.x < other.x + other.width && other.x < box.x + box.width && Math.abs(box.y - other.y) < 16)) continue;
      taken.push(box);
      label(g, text, box.x, box.y);
    }
  }

  // Beside a point and within the sky.
  room(g, text, [x, y]) {
    g.save();
    g.font = "600 12.5px system-ui, sans-serif";
    const { width } = g.measureText(text);
    g.restore();
    const across = this.tools.glass.canvas.clientWidth;
    const right = x + 14 + width <= across - 6;
    return { x: Math.max(5, right ? x + 14 : x - 14 - width), y: y - 13, width };
  }

  dispose() {
    this.model.off("change:_path", this.onPath);
  }
}

// Of the last leg; and the sum where there are more.
export function words(line) {
  const [from, to] = line.slice(-2);
  const legs = line.slice(1).map((point, i) => separation(line[i], point));
  const text = `${told(legs.at(-1))}  PA ${positionAngle(from, to).toFixed(1)}°`;
  return legs.length > 1 ? `${text}  Σ ${told(legs.reduce((sum, leg) => sum + leg, 0))}` : text;
}
