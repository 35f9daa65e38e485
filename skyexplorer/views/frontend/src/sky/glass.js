// The glass: one 2-D canvas over Aladin's, on which sources, footprints and contours are drawn.
//
// Positions are projected in one call a layer by Aladin's own projection (wasm.worldToScreenVec), in
// the frame in which Aladin redraws, so glass and sky never part. Drawing here instead of through
// Aladin's catalogues gives us every shape, opacity and order, and picking that knows our rows.
import { Picture } from "./pictures.js";
import { drawShape, label } from "./shapes.js";

const float64 = (view) => new Float64Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
const uint32 = (view) => new Uint32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
const uint8 = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

export class Glass {
  constructor(aladin, model, report) {
    Object.assign(this, { aladin, model, report, layers: [], byId: new Map() });
    this.view = aladin.view;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "skx-glass";
    this.canvas.setAttribute("aria-hidden", "true");
    this.view.catalogCanvas.after(this.canvas);
    this.context = this.canvas.getContext("2d");
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
    this.byId = fresh;
    this.layers = [...fresh.values()];
    this.redraw();
  }

  update(id, layer) {
    const old = this.byId.get(id);
    if (!old) return;
    const data = this.read(layer, old);
    Object.assign(old, data);
    this.redraw();
  }

  read(layer, old) {
    const ra = layer.get("ra");
    const same = old && old.source === ra && old.strokesSource === layer.get("strokes");
    const geometry = same
      ? {}
      : {
          source: ra,
          strokesSource: layer.get("strokes"),
          ra: float64(ra),
          dec: float64(layer.get("dec")),
          strokes: layer.get("strokes").map((stroke) => ({
            ...stroke,
            ra: float64(stroke.ra),
            dec: float64(stroke.dec),
            starts: uint32(stroke.starts),
            rows: stroke.rows ? uint32(stroke.rows) : null,
          })),
        };
    const picture = layer.get("picture");
    return {
      ...geometry,
      pictureSource: picture,
      picture: old && old.pictureSource === picture ? old.picture : this.pictured(picture),
      name: layer.get("name"),
      shown: uint8(layer.get("shown")),
      visible: layer.get("visible"),
      opacity: layer.get("opacity"),
      color: layer.get("color"),
      shape: layer.get("shape"),
      size: layer.get("size"),
      names: layer.get("names"),
      details: layer.get("details"),
    };
  }

  pictured(picture) {
    if (!picture?.png) return null;
    const grid = { ...picture, ra: float64(picture.ra), dec: float64(picture.dec) };
    return new Picture(grid, () => this.redraw());
  }

  redraw() {
    this.view.requestRedraw();
  }

  // Screen positions in CSS pixels, x then y; NaN where the point is not on the visible side.
  project(ra, dec) {
    const raw = this.view.wasm.worldToScreenVec(ra, dec);
    return raw;
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
    const [width, height] = this.fit();
    const g = this.context;
    g.clearRect(0, 0, width, height);
    for (const layer of this.layers) {
      if (!layer.visible || layer.opacity <= 0) continue;
      layer.picture?.draw(g, (ra, dec) => this.project(ra, dec), layer.opacity, width, height);
      for (const stroke of layer.strokes) this.drawStroke(g, layer, stroke, width, height);
      this.drawPoints(g, layer, width, height);
    }
    this.drawSelected(g);
    this.sketch?.(g); // a region being drawn
    this.frames = (this.frames ?? 0) + 1;
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
    g.strokeStyle = layer.color;
    g.fillStyle = layer.color;
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
      if (stroke.fill > 0 && whole) {
        g.globalAlpha = layer.opacity * stroke.fill;
        g.fill(path);
      }
      g.globalAlpha = layer.opacity * stroke.alpha;
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
    g.globalAlpha = 1;
  }

  drawPoints(g, layer, width, height) {
    const n = layer.ra.length;
    if (!n) return;
    const xy = this.project(layer.ra, layer.dec);
    g.globalAlpha = layer.opacity;
    for (let i = 0; i < n; i++) {
      if (!layer.shown[i]) continue;
      const x = xy[2 * i], y = xy[2 * i + 1];
      if (!(x > -20 && x < width + 20 && y > -20 && y < height + 20) || (x === 0 && y === 0)) continue;
      drawShape(g, layer.shape, x, y, layer.size, layer.color);
    }
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
      label(g, item.name, x + 18, y);
    });
  }

  dispose() {
    this.model.off("change:_selected", this.onSelected);
    this.restore();
    this.canvas.remove();
  }
}
