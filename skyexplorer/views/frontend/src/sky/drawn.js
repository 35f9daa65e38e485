// Shapes drawn by hand, in degrees: a few points, their outline, their parts that can be moved, and how.
//
// A circle is its centre and a point of its edge; a box two opposite corners, its sides along right ascension
// and declination; a polygon its corners, with arcs of great circles between them.
import { arc, around, carried, eastward, middle, place, separation, told, unit } from "./sphere.js";

export const COLOR = "#f2f6ff";
const DARK = "rgba(4,8,18,0.62)";

// Closed lines around the shape.
export function outline(shape, points) {
  if (shape === "circle") return points.length > 1 ? around(points[0], separation(points[0], points[1])) : [];
  if (shape === "box") return points.length > 1 ? sides(points) : [];
  return points.flatMap((point, i) => arc(point, points[(i + 1) % points.length], 2).slice(0, -1));
}

// Lines of one declination are no great circles: they are followed in steps.
function sides([[ra, dec], [ra2, dec2]]) {
  const width = eastward(ra, ra2);
  const n = Math.max(2, Math.ceil(Math.abs(width) / 2));
  const m = Math.max(2, Math.ceil(Math.abs(dec2 - dec) / 4));
  const line = [];
  for (let i = 0; i < n; i++) line.push([ra + (width * i) / n, dec]);
  for (let i = 0; i < m; i++) line.push([ra2, dec + ((dec2 - dec) * i) / m]);
  for (let i = 0; i < n; i++) line.push([ra2 - (width * i) / n, dec2]);
  for (let i = 0; i < m; i++) line.push([ra, dec2 + ((dec - dec2) * i) / m]);
  return line;
}

export function center(shape, points) {
  if (shape === "circle") return points[0];
  if (shape === "box") {
    const [[ra, dec], [ra2, dec2]] = points;
    return [(ra + eastward(ra, ra2) / 2 + 360) % 360, (dec + dec2) / 2];
  }
  const vectors = points.map(unit);
  const sum = [0, 1, 2].map((axis) => vectors.reduce((total, v) => total + v[axis], 0));
  return Math.hypot(...sum) > 1e-9 ? place(sum) : points[0];
}

// What can be taken hold of: {kind, index, at}; `kind` is "center", "edge", "corner" or "middle".
export function handles(shape, points) {
  if (shape === "circle") {
    return [{ kind: "center", index: 0, at: points[0] }, { kind: "edge", index: 1, at: points[1] }];
  }
  const whole = { kind: "center", index: 0, at: center(shape, points) };
  if (shape === "box") {
    const [[ra, dec], [ra2, dec2]] = points;
    const corners = [[ra, dec], [ra2, dec], [ra2, dec2], [ra, dec2]];
    return [whole, ...corners.map((at, index) => ({ kind: "corner", index, at }))];
  }
  const corners = points.map((at, index) => ({ kind: "corner", index, at }));
  const middles = points.map((at, index) => ({ kind: "middle", index, at: middle(at, points[(index + 1) % points.length]) }));
  return [whole, ...corners, ...middles];
}

// The points once a handle was moved from one place to another.
export function moved(shape, points, { kind, index }, from, to) {
  if (kind === "center") return shifted(shape, points, from, to);
  if (shape === "circle") return [points[0], to];
  if (shape === "box") {
    const [[ra, dec], [ra2, dec2]] = points;
    const east = index === 1 || index === 2;
    const far = index >= 2;
    return [
      [east ? ra : to[0], far ? dec : to[1]],
      [east ? to[0] : ra2, far ? to[1] : dec2],
    ];
  }
  return points.map((point, i) => (i === index ? to : point));
}

// The whole of it. Circles and polygons are turned with the sphere and keep their size at the poles; a box keeps its coordinates.
export function shifted(shape, points, from, to) {
  if (shape !== "box") return carried(points, from, to);
  const [low, high] = [Math.min(...points.map((p) => p[1])), Math.max(...points.map((p) => p[1]))];
  const up = Math.max(-90 - low, Math.min(90 - high, to[1] - from[1]));
  return points.map(([ra, dec]) => [(ra + eastward(from[0], to[0]) + 360) % 360, dec + up]);
}

// Its size in words.
export function size(shape, points) {
  if (points.length < 2) return "";
  if (shape === "circle") return `r ${told(separation(points[0], points[1]))}`;
  if (shape === "box") {
    const [[ra, dec], [ra2, dec2]] = points;
    const width = Math.abs(eastward(ra, ra2)) * Math.cos((((dec + dec2) / 2) * Math.PI) / 180);
    return `${told(width)} × ${told(Math.abs(dec2 - dec))}`;
  }
  return "";
}

// A line on the screen, where its points are on this side of the sky; whole where all are.
export function trace(path, ring, project, closed) {
  const xy = project(Float64Array.from(ring, (p) => p[0]), Float64Array.from(ring, (p) => p[1]));
  const box = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity, whole: ring.length > 0 };
  const far = project.span ? project.span() / 2 : Infinity; // a longer step has gone round the back of the sky
  let pen = false;
  let [lastX, lastY] = [0, 0];
  for (let i = 0; i < ring.length; i++) {
    const [x, y] = [xy[2 * i], xy[2 * i + 1]];
    if (!Number.isFinite(x) || !Number.isFinite(y) || (x === 0 && y === 0)) {
      pen = box.whole = false;
      continue;
    }
    if (pen && Math.hypot(x - lastX, y - lastY) > far) pen = box.whole = false;
    if (pen) path.lineTo(x, y);
    else path.moveTo(x, y);
    pen = true;
    [lastX, lastY] = [x, y];
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x);
    box.top = Math.min(box.top, y);
    box.bottom = Math.max(box.bottom, y);
  }
  if (closed && box.whole && Math.hypot(lastX - xy[0], lastY - xy[1]) <= far) path.closePath();
  else if (closed && box.whole) box.whole = false;
  return box;
}

export function paint(g, path, { fill = 0.12, dash = [], width = 1.7 } = {}) {
  g.save();
  if (fill) {
    g.globalAlpha = fill;
    g.fillStyle = COLOR;
    g.fill(path);
  }
  g.globalAlpha = 1;
  g.lineJoin = "round";
  g.setLineDash(dash);
  for (const [style, w] of [[DARK, width + 2], [COLOR, width]]) {
    g.strokeStyle = style;
    g.lineWidth = w;
    g.stroke(path);
  }
  g.restore();
}

export function spot(g, x, y, r) {
  g.beginPath();
  g.arc(x, y, r, 0, 2 * Math.PI);
  g.fillStyle = COLOR;
  g.fill();
  g.strokeStyle = "rgba(4,8,18,0.8)";
  g.lineWidth = 1.5;
  g.stroke();
}
