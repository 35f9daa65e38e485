// A light curve in the tip of a source: a few points, with limits as arrows, asked of Python when a source is pointed at.
import { MESSAGE } from "./messages.js";

const [WIDTH, HEIGHT, PAD] = [150, 42, 4];
const PAUSE_MS = 150; // a pointer that only passes asks for nothing
const KEPT = 300;
const FRESH_MS = 10_000; // an older one is shown, and asked for again: archives may have answered

export class Thumbnails {
  constructor(model) {
    Object.assign(this, { model, known: new Map(), of_: {}, waiting: null });
    this.onAnswer = () => this.answered();
    model.on("change:_thumbnail", this.onAnswer);
  }

  // What goes into the tip of a row: hidden until there is something to show.
  of(layer, row) {
    const canvas = document.createElement("canvas");
    canvas.className = "skx-thumbnail";
    canvas.setAttribute("aria-hidden", "true"); // the light-curve panel says the same in words
    canvas.hidden = true;
    clearTimeout(this.pause);
    const key = `${layer.name}\n${row}`;
    if (layer.stars !== this.of_[layer.name]) this.forget(layer); // another layer of that name
    const found = this.known.get(key);
    if (found) paint(canvas, found.points, layer.color);
    if (!found || performance.now() - found.at > FRESH_MS) {
      this.waiting = { key, canvas, color: layer.color };
      this.pause = setTimeout(
        () => canvas.isConnected && this.model.send({ event_type: MESSAGE.thumbnail, layer: layer.name, row }),
        PAUSE_MS,
      );
    }
    return canvas;
  }

  forget(layer) {
    this.of_[layer.name] = layer.stars;
    for (const key of this.known.keys()) if (key.startsWith(`${layer.name}\n`)) this.known.delete(key);
  }

  answered() {
    const { layer, row, points } = this.model.get("_thumbnail");
    const key = `${layer}\n${row}`;
    if (this.known.size > KEPT) this.known.clear();
    if (points?.length) this.known.set(key, { points, at: performance.now() });
    if (this.waiting?.key === key) paint(this.waiting.canvas, points ?? [], this.waiting.color);
  }

  dispose() {
    clearTimeout(this.pause);
    this.model.off("change:_thumbnail", this.onAnswer);
  }
}

// Points are [x, y, limit]: x and y from 0 to 1.
function paint(canvas, points, color) {
  canvas.hidden = !points.length;
  if (!points.length) return;
  const ratio = window.devicePixelRatio || 1;
  [canvas.width, canvas.height] = [WIDTH * ratio, HEIGHT * ratio];
  [canvas.style.width, canvas.style.height] = [`${WIDTH}px`, `${HEIGHT}px`];
  const g = canvas.getContext("2d");
  g.scale(ratio, ratio);
  g.strokeStyle = "rgba(160,185,220,0.35)";
  g.strokeRect(0.5, 0.5, WIDTH - 1, HEIGHT - 1);
  g.fillStyle = g.strokeStyle = color;
  for (const [x, y, limit] of points) {
    const [px, py] = [PAD + x * (WIDTH - 2 * PAD), HEIGHT - PAD - y * (HEIGHT - 2 * PAD)];
    g.beginPath();
    if (limit) {
      g.globalAlpha = 0.55;
      g.moveTo(px - 2, py);
      g.lineTo(px + 2, py);
      g.moveTo(px, py);
      g.lineTo(px, Math.min(py + 5, HEIGHT - 1));
      g.stroke();
    } else {
      g.globalAlpha = 1;
      g.arc(px, py, 1.9, 0, 2 * Math.PI);
      g.fill();
    }
  }
}
