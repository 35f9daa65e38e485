// The glass: one 2-D canvas over Aladin's, on which sources, footprints and contours are drawn.
//
// Positions are projected in one call a layer by Aladin's own projection (wasm.worldToScreenVec), in
// the frame in which Aladin redraws, so glass and sky never part. Drawing here instead of through
// Aladin's catalogues gives us every shape, opacity and order, and picking that knows our rows.
import { drawCaptions } from "./captions.js";
import { Note } from "./note.js";
import { Picture } from "./pictures.js";
import { FADED, Points } from "./points.js";
import { label, LABEL_FONT } from "./shapes.js";
import { float32, float64, Stars, Texts, uint8, uint32, unpacked } from "./stars.js";

const OUTSIDE = 20; // px beyond the frame: the marker of a source there reaches in
const BUTTONS = 50; // px at either side of the view that tools and zoom take

export class Glass {
  constructor(aladin, model, report) {
    Object.assign(this, { aladin, model, report, layers: [], byId: new Map() });
    this.view = aladin.view;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "skx-glass";
    this.canvas.setAttribute("aria-hidden", "true");
    this.view.catalogCanvas.after(this.canvas);
    this.context = this.canvas.getContext("2d");
    this.points = new Points();
    this.note = new Note(aladin.aladinDiv, model);
    const drawAll = this.view.drawAllOverlays;
    this.view.drawAllOverlays = () => {
      drawAll.call(this.view);
      try {
        this.draw();
      } catch (error) {
        if (this.lastError !== String(error)) this.report(error); // once, not once a frame
        this.lastError = String(error);
      }
    };
    this.restore = () => (this.view.drawAllOverlays = drawAll);
    this.onSelected = () => this.redraw();
    model.on("change:_selected", this.onSelected);
  }

  setOrder(pairs) {
    const fresh = new Map();
    for (const [id, layer] of pairs) fresh.set(id, this.byId.get(id) ?? this.read(layer));
    for (const [id, layer] of this.byId) if (!fresh.has(id)) release(layer);
    this.byId = fresh;
    this.layers = [...fresh.values()];
    this.redraw();
  }

  update(id, model) {
    const layer = this.byId.get(id);
    if (!layer) return;
    this.read(model, layer);
    this.redraw();
  }

  // What a model says, into `layer`; only what came anew is unpacked.
  read(model, layer = { from: {} }) {
    const fresh = (...names) => {
      const found = names.filter((name) => layer.from[name] !== model.get(name));
      for (const name of found) layer.from[name] = model.get(name);
      return found.length > 0;
    };
    for (const name of ["name", "visible", "opacity", "color", "shape", "size", "details"]) {
      if (layer[name] !== model.get(name)) layer.stamps = new Map();
      layer[name] = model.get(name);
    }
    if (fresh("strokes")) {
      layer.strokes = model.get("strokes").map((stroke) => ({
        ...stroke,
        ra: float64(stroke.ra),
        dec: float64(stroke.dec),
        starts: uint32(stroke.starts),
        rows: stroke.rows ? uint32(stroke.rows) : null,
      }));
    }
    if (fresh("picture")) layer.picture = this.pictured(model.get("picture"), layer.picture);
    if (fresh("text")) layer.texts = new Texts(model.get("text").names, model.get("text").starts);
    let choose = false;
    if (fresh("ra", "dec")) {
      layer.stars?.dispose();
      [layer.ra, layer.dec] = [float64(model.get("ra")), float64(model.get("dec"))];
      layer.stars = new Stars(layer.ra, layer.dec, () => this.redraw());
      layer.from.shown = layer.from.marked = null;
      choose = true;
    }
    if (fresh("shown")) {
      layer.shown = unpacked(model.get("shown"), layer.ra.length);
      for (let row = 0; row < layer.shown.length; row++) if (!Number.isFinite(layer.ra[row])) layer.shown[row] = 0;
      choose = true;
    }
    if (fresh("marked")) {
      const rows = unpacked(model.get("marked"), layer.ra.length);
      layer.marked = rows.includes(1) ? rows : null;
      choose = true;
    }
    if (fresh("style")) {
      const rank = layer.style?.rank;
      layer.style = styled(model.get("style"));
      layer.stamps = new Map();
      layer.arrowScale = layer.arrowKey = undefined;
      choose ||= !same(rank, layer.style.rank);
    }
    if (choose) layer.stars.choose(layer.shown, layer.marked, layer.style.rank).catch(this.report);
    return layer;
  }

  pictured(picture, before) {
    if (!picture?.png) return before?.close() ?? null;
    const grid = { ...picture, ra: float64(picture.ra), dec: float64(picture.dec) };
    return new Picture(grid, before, () => this.redraw(), this.report);
  }

  redraw() {
    this.view.requestRedraw();
  }

  // Screen positions in CSS pixels, x then y; NaN where the point is not on the visible side.
  project(ra, dec) {
    const raw = this.view.wasm.worldToScreenVec(ra, dec);
    return raw;
  }

  // Degrees under a point of the screen; null beside the sky.
  under(x, y) {
    return this.aladin.pix2world(x, y, "ICRS") ?? null;
  }

  // How this view looks at the sky: what is on the screen, and the cap of the sky that holds all of it.
  eye(width = this.view.width, height = this.view.height) {
    const [ra, dec] = this.aladin.getRaDec();
    const step = Math.min(1, this.aladin.getFov()[0] / 50);
    const near = dec > 0 ? dec - step : dec + step;
    const xy = this.project(Float64Array.of(ra, ra), Float64Array.of(dec, near));
    const pixelsPerDegree = Math.hypot(xy[2] - xy[0], xy[3] - xy[1]) / step;
    const center = vector(ra, dec);
    let radius = 0;
    for (const [x, y] of [[0, 0], [1, 0], [0, 1], [1, 1], [0.5, 0], [0.5, 1], [0, 0.5], [1, 0.5]]) {
      const place = this.under(x * width, y * height);
      const at = place && vector(...place);
      const cos = at ? at[0] * center[0] + at[1] * center[1] + at[2] * center[2] : NaN;
      radius = Math.max(radius, Math.acos(Math.min(1, cos))); // NaN where the corner is beyond the sky
    }
    radius *= 1 + (2 * OUTSIDE) / Math.min(width, height);
    return {
      width,
      height,
      center,
      ratio: window.devicePixelRatio || 1,
      pixelsPerDegree: pixelsPerDegree > 0 ? pixelsPerDegree : width / 180,
      // Of more than a quarter of the sky all is looked at: there a straight edge may bulge beyond its corners.
      radius: radius < Math.PI / 4 ? radius : Math.PI,
      project: (lon, lat) => this.project(lon, lat),
      holds: (x, y) =>
        x > -OUTSIDE && x < width + OUTSIDE && y > -OUTSIDE && y < height + OUTSIDE && (x !== 0 || y !== 0),
    };
  }

  // What was drawn in the last frame, for tests and benchmarks.
  get stats() {
    const layers = this.layers.filter((layer) => layer.ra.length);
    return {
      frames: this.frames,
      took: this.took,
      layers: layers.map(({ name, ra, stars }) => ({
        name,
        rows: ra.length,
        drawn: stars.drawn.n,
        here: stars.drawn.here,
        level: stars.drawn.level,
        sorting: stars.took, // ms of the last choice, in the worker too
        ready: stars.few || Boolean(stars.chosen),
        turn: stars.done, // choices made
      })),
    };
  }

  fit() {
    const { width, height } = this.view;
    const ratio = window.devicePixelRatio || 1;
    const w = Math.round(width * ratio);
    const h = Math.round(height * ratio);
    if (this.canvas.width !== w || this.canvas.height !== h) {
      this.canvas.width = w;
      this.canvas.height = h;
      this.canvas.style.width = `${width}px`;
      this.canvas.style.height = `${height}px`;
    }
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    return [width, height];
  }

  draw() {
    const begun = performance.now();
    const [width, height] = this.fit();
    const eye = this.eye(width, height);
    const g = this.context;
    g.clearRect(0, 0, width, height);
    for (const layer of this.layers) {
      if (!layer.visible || layer.opacity <= 0) continue;
      layer.picture?.draw(g, (ra, dec) => this.project(ra, dec), layer.opacity, width, height);
      for (const stroke of layer.strokes) this.drawStroke(g, layer, stroke, width, height);
      if (layer.ra.length) this.points.draw(g, layer, eye);
    }
    this.drawSelected(g);
    this.sketch?.(g); // a region being drawn
    this.note.say(this.layers);
    this.frames = (this.frames ?? 0) + 1;
    this.took = performance.now() - begun;
  }

  drawStroke(g, layer, stroke, width, height) {
    // Seen from afar no line of it is larger than its marker: thousands of ellipses need not be projected.
    const pixelsPerDegree = width / Math.max(this.aladin.getFov()[0], 1e-6);
    if (stroke.reach * pixelsPerDegree * 2 < stroke.min_px) return;
    const xy = this.project(stroke.ra, stroke.dec);
    const { starts, rows } = stroke;
    const jump = Math.max(width, height) / 2; // a longer step has gone round the back of the sky
    g.lineWidth = stroke.width;
    g.lineJoin = "round";
    g.setLineDash(stroke.dash);
    g.strokeStyle = g.fillStyle = stroke.color || layer.color;
    for (let i = 0; i + 1 < starts.length; i++) {
      if (rows && !layer.shown[rows[i]]) continue;
      const path = new Path2D();
      let [minX, minY, maxX, maxY] = [Infinity, Infinity, -Infinity, -Infinity];
      let pen = false, whole = true, lastX = 0, lastY = 0;
      for (let j = starts[i]; j < starts[i + 1]; j++) {
        const x = xy[2 * j], y = xy[2 * j + 1];
        if (!Number.isFinite(x) || !Number.isFinite(y) || (x === 0 && y === 0)) {
          pen = whole = false;
          continue;
        }
        const far = pen && Math.hypot(x - lastX, y - lastY) > jump;
        if (pen && !far) path.lineTo(x, y);
        else path.moveTo(x, y);
        if (far) whole = false;
        pen = true;
        [lastX, lastY] = [x, y];
        minX = Math.min(minX, x); maxX = Math.max(maxX, x);
        minY = Math.min(minY, y); maxY = Math.max(maxY, y);
      }
      if (maxX < 0 || minX > width || maxY < 0 || minY > height) continue;
      if (Math.max(maxX - minX, maxY - minY) < stroke.min_px) continue; // smaller than its own marker
      const lit = rows && layer.marked && !layer.marked[rows[i]] ? FADED : 1;
      if (stroke.fill > 0 && whole) {
        g.globalAlpha = layer.opacity * stroke.fill * lit;
        g.fill(path);
      }
      g.globalAlpha = layer.opacity * stroke.alpha * lit;
      if (stroke.halo) {
        // A dark edge keeps a thin line readable over a bright density.
        g.save();
        g.strokeStyle = "rgba(4,8,18,0.55)";
        g.lineWidth = stroke.width + 2;
        g.stroke(path);
        g.restore();
      }
      g.stroke(path);
    }
    g.setLineDash([]);
    g.globalAlpha = layer.opacity;
    drawCaptions(g, stroke.captions, (ra, dec) => this.project(ra, dec), width, height);
    g.globalAlpha = 1;
  }

  drawSelected(g) {
    const chosen = this.model.get("_selected");
    if (!chosen.length) return;
    const xy = this.project(Float64Array.from(chosen, (c) => c.ra), Float64Array.from(chosen, (c) => c.dec));
    chosen.forEach((item, i) => {
      const x = xy[2 * i], y = xy[2 * i + 1];
      if (!Number.isFinite(x) || (x === 0 && y === 0)) return;
      for (const [style, w] of [["rgba(4,8,18,0.8)", 4.5], ["#ffffff", 2]]) {
        g.strokeStyle = style;
        g.lineWidth = w;
        g.beginPath();
        g.arc(x, y, 12, 0, 2 * Math.PI);
        g.stroke();
      }
      // Where it would leave the view, or lie under the buttons at its edge, the name stands on the other side, or below or above.
      g.font = LABEL_FONT;
      const wide = g.measureText(item.name).width;
      const end = this.view.width - BUTTONS;
      if (x + 18 + wide <= end) label(g, item.name, x + 18, y);
      else if (x - 18 - wide >= BUTTONS) label(g, item.name, x - 18 - wide, y);
      else label(g, item.name, Math.max(BUTTONS, Math.min(x - wide / 2, end - wide)), y + 26 > this.view.height - BUTTONS ? y - 26 : y + 26);
    });
  }

  dispose() {
    this.model.off("change:_selected", this.onSelected);
    this.restore();
    for (const layer of this.layers) release(layer);
    this.note.remove();
    this.canvas.remove();
  }
}

function release(layer) {
  layer.stars.dispose();
  layer.picture?.close();
}

function vector(ra, dec) {
  const a = (ra * Math.PI) / 180, d = (dec * Math.PI) / 180;
  return [Math.cos(d) * Math.cos(a), Math.cos(d) * Math.sin(a), Math.sin(d)];
}

// How each row looks, from views/styling.py; what is absent is as for the whole layer.
function styled(style) {
  const bytes = uint8(style.palette);
  const hex = (v) => v.toString(16).padStart(2, "0");
  return {
    tint: bytes && uint8(style.tint),
    bytes,
    colors: bytes && Array.from({ length: bytes.length / 3 }, (_, i) => `#${[...bytes.subarray(3 * i, 3 * i + 3)].map(hex).join("")}`),
    size: float32(style.size),
    shape: uint8(style.shape),
    label: style.label ? new Texts(style.label.text, style.label.starts) : null,
    arrow: float32(style.arrow),
    ellipse: float32(style.ellipse),
    density: Boolean(style.density),
    rank: uint32(style.rank),
  };
}

function same(a, b) {
  if (!a || !b || a.length !== b.length) return !a && !b;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
