// Painting the rows of a layer: markers, one by one while they are few, as one image when they are many; arrows of proper
// motion, error ellipses and labels beside them; or their density instead.
import { paintDensity } from "./density.js";
import { Raster } from "./raster.js";
import { drawShape, label, LABEL_FONT, SHAPES } from "./shapes.js";
import { PER_CELL } from "./stars.js";

const MANY = 1500; // markers: more are painted as an image
const ADORNED = 4000; // of more rows no arrow and no ellipse would be told from its neighbour's
export const FADED = 0.2; // rows that are not marked, where some are
const ALPHAS = 16; // steps of transparency that stamps are made in
const LABELS = 80;
const ARROW_PX = 36; // of a fast row; see `arrowScale`

export class Points {
  constructor() {
    this.raster = new Raster();
  }

  draw(g, layer, eye) {
    const { stars, style } = layer;
    layer.arrowKey = 0;
    if (style.density) {
      stars.rest();
      if (stars.few || stars.chosen) paintDensity(g, layer, eye);
      return;
    }
    const drawn = stars.look(eye);
    if (!drawn.n) return;
    if (drawn.n <= ADORNED) {
      if (style.ellipse) this.ellipses(g, layer, drawn, eye);
      if (style.arrow) this.arrows(g, layer, drawn, eye);
    }
    // The most important last, on top; of a few rows, all of which are drawn, the last as ever.
    if (drawn.n <= MANY) this.markers(g, layer, drawn);
    else this.image(g, layer, drawn, eye);
    if (style.label) this.labels(g, layer, drawn, eye);
  }

  markers(g, layer, drawn) {
    each(layer, drawn, (i, shape, size, tint, alpha) => {
      g.globalAlpha = layer.opacity * alpha;
      drawShape(g, SHAPES[shape], drawn.x[i], drawn.y[i], size, tint < 0 ? layer.color : layer.style.colors[tint]);
    });
    g.globalAlpha = 1;
  }

  image(g, layer, drawn, eye) {
    const { raster } = this;
    raster.begin(eye.width, eye.height, eye.ratio);
    const { stamps } = layer;
    if (stamps.size > 8000) stamps.clear();
    if (stamps.ratio !== eye.ratio) (stamps.ratio = eye.ratio), stamps.clear();
    each(layer, drawn, (i, shape, size, tint, alpha) => {
      const key = ((shape * 256 + Math.min(255, 2 * size)) * 32 + Math.round(alpha * ALPHAS)) * 512 + tint + 1;
      const made =
        stamps.get(key) ??
        raster.tinted(stamps, key, SHAPES[shape], size, tint < 0 ? layer.color : layer.style.colors[tint], alpha);
      raster.put(made, drawn.x[i], drawn.y[i]);
    });
    raster.end(g, layer.opacity);
  }

  // Written from the most important on, and nowhere over another.
  labels(g, layer, drawn, eye) {
    const taken = [];
    g.save();
    g.globalAlpha = layer.opacity;
    g.font = LABEL_FONT;
    for (let i = 0; i < Math.min(drawn.n, 2000) && taken.length < LABELS; i++) {
      const row = drawn.rows[i];
      if (layer.marked && !layer.marked[row]) continue;
      const x = drawn.x[i] + 9, y = drawn.y[i];
      if (x < 0 || x > eye.width || y < 8 || y > eye.height - 8) continue;
      const text = layer.style.label.at(row);
      if (!text) continue;
      const box = [x - 6, y - 9, x + g.measureText(text).width + 4, y + 9];
      if (taken.some((b) => b[0] < box[2] && b[2] > box[0] && b[1] < box[3] && b[3] > box[1])) continue;
      taken.push(box);
      label(g, text, x, y);
    }
    g.restore();
  }

  arrows(g, layer, drawn, eye) {
    const motion = layer.style.arrow, n = layer.ra.length;
    const scale = (layer.arrowScale ??= arrowScale(motion, n));
    const [east, north] = axes(layer, drawn, eye);
    for (let i = 0; i < drawn.n; i++) {
      const row = drawn.rows[i];
      const e = motion[row], d = motion[n + row], speed = Math.hypot(e, d);
      if (!(speed > 0)) continue;
      const px = Math.min(3 * ARROW_PX, (speed / scale) * ARROW_PX);
      const dx = (e * east[2 * i] + d * north[2 * i]) / speed, dy = (e * east[2 * i + 1] + d * north[2 * i + 1]) / speed;
      const unit = Math.hypot(dx, dy);
      if (!(unit > 0) || px < 3) continue;
      g.globalAlpha = layer.opacity * (layer.marked && !layer.marked[row] ? FADED : 1);
      const color = layer.style.tint ? layer.style.colors[layer.style.tint[row]] : layer.color;
      arrow(g, drawn.x[i], drawn.y[i], (dx / unit) * px, (dy / unit) * px, color);
    }
    g.globalAlpha = 1;
    layer.arrowKey = scale;
  }

  ellipses(g, layer, drawn, eye) {
    const shape = layer.style.ellipse, n = layer.ra.length;
    const [east, north] = axes(layer, drawn, eye);
    g.lineWidth = 1.3;
    for (let i = 0; i < drawn.n; i++) {
      const row = drawn.rows[i];
      const a = shape[row] * eye.pixelsPerDegree, b = shape[n + row] * eye.pixelsPerDegree;
      if (!(a > 5 && b > 0) || a > 4 * eye.width) continue;
      const pa = ((Number.isFinite(shape[2 * n + row]) ? shape[2 * n + row] : 0) * Math.PI) / 180;
      const nx = north[2 * i], ny = north[2 * i + 1], ex = east[2 * i], ey = east[2 * i + 1];
      const unit = Math.hypot(nx, ny) || 1;
      // The long axis lies at the position angle: from north through east.
      const ux = (nx * Math.cos(pa) + ex * Math.sin(pa)) / unit, uy = (ny * Math.cos(pa) + ey * Math.sin(pa)) / unit;
      g.globalAlpha = layer.opacity * (layer.marked && !layer.marked[row] ? FADED : 1);
      g.strokeStyle = layer.style.tint ? layer.style.colors[layer.style.tint[row]] : layer.color;
      g.beginPath();
      g.ellipse(drawn.x[i], drawn.y[i], a, b, Math.atan2(uy, ux), 0, 2 * Math.PI);
      g.stroke();
    }
    g.globalAlpha = 1;
  }
}

// Calls `paint(i, shape, size, tint, alpha)` for what is drawn, the most important last where not all rows are.
function each(layer, drawn, paint) {
  const { style, marked, size: common } = layer;
  const shapeOf = SHAPES.indexOf(layer.shape);
  const { n, crowd, cell } = drawn;
  for (let k = 0; k < n; k++) {
    const i = crowd ? n - 1 - k : k;
    const row = drawn.rows[i];
    const lit = !marked || marked[row];
    let size = style.size && style.size[row] > 0 ? style.size[row] : common;
    let alpha = 1;
    if (crowd) {
      // A marker leaves room for its neighbours: the fuller its cell, the smaller; where the cell has more rows than are
      // drawn, the more the brighter.
      const full = crowd[i] / PER_CELL;
      const spacing = cell / Math.sqrt(Math.min(PER_CELL, crowd[i]));
      size *= Math.min(1, (0.42 * spacing) / common);
      if (marked && lit) size = Math.max(1.25 * size, 3.5);
      else alpha = full <= 1 ? 1 - 0.4 * full : Math.min(1, 0.6 + 0.08 * Math.log2(full));
    }
    if (!lit) alpha *= FADED;
    size = Math.max(2, Math.round(2 * size) / 2);
    paint(i, style.shape ? style.shape[row] : shapeOf, size, style.tint ? style.tint[row] : -1, alpha);
  }
}

// Where east and north are on the screen at each drawn row, in pixels a small step.
function axes(layer, drawn, eye) {
  const { n, rows, x, y } = drawn;
  const step = Math.min(0.5, 4 / eye.pixelsPerDegree);
  const ra = new Float64Array(2 * n), dec = new Float64Array(2 * n), sign = new Int8Array(n);
  for (let i = 0; i < n; i++) {
    const lon = layer.ra[rows[i]], lat = layer.dec[rows[i]];
    sign[i] = lat + step > 90 ? -1 : 1;
    ra[i] = lon + step / Math.max(1e-3, Math.cos((lat * Math.PI) / 180));
    dec[i] = lat;
    ra[n + i] = lon;
    dec[n + i] = lat + sign[i] * step;
  }
  const xy = eye.project(ra, dec);
  const east = new Float32Array(2 * n), north = new Float32Array(2 * n);
  for (let i = 0; i < n; i++) {
    east[2 * i] = xy[2 * i] - x[i];
    east[2 * i + 1] = xy[2 * i + 1] - y[i];
    north[2 * i] = sign[i] * (xy[2 * (n + i)] - x[i]);
    north[2 * i + 1] = sign[i] * (xy[2 * (n + i) + 1] - y[i]);
  }
  return [east, north];
}

// The motion that an arrow of ARROW_PX stands for: a round number near that of the fastest twentieth of the rows.
function arrowScale(motion, n) {
  const step = Math.max(1, Math.floor(n / 20_000));
  const speeds = [];
  for (let row = 0; row < n; row += step) {
    const speed = Math.hypot(motion[row], motion[n + row]);
    if (speed > 0) speeds.push(speed);
  }
  if (!speeds.length) return 1;
  speeds.sort((a, b) => a - b);
  const fast = speeds[Math.floor(0.95 * (speeds.length - 1))];
  const ten = 10 ** Math.floor(Math.log10(fast));
  return ten * [1, 2, 5, 10].find((k) => k * ten >= fast);
}

function arrow(g, x, y, dx, dy, color) {
  const length = Math.hypot(dx, dy), ux = dx / length, uy = dy / length;
  const head = Math.min(6, 0.4 * length);
  for (const [style, width] of [["rgba(4,8,18,0.7)", 3.5], [color, 1.5]]) {
    g.strokeStyle = style;
    g.lineWidth = width;
    g.lineCap = g.lineJoin = "round";
    g.beginPath();
    g.moveTo(x, y);
    g.lineTo(x + dx, y + dy);
    g.moveTo(x + dx - head * (ux + 0.5 * uy), y + dy - head * (uy - 0.5 * ux));
    g.lineTo(x + dx, y + dy);
    g.lineTo(x + dx - head * (ux - 0.5 * uy), y + dy - head * (uy + 0.5 * ux));
    g.stroke();
  }
}
