// Thousands of markers at once: stamps blended into the pixels of an image, which is then drawn in one piece.
import { mould } from "./shapes.js";

export class Raster {
  constructor() {
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
  }

  // Begin an empty image of so many CSS pixels.
  begin(width, height, ratio) {
    const w = Math.round(width * ratio), h = Math.round(height * ratio);
    if (this.canvas.width !== w || this.canvas.height !== h || !this.image) {
      this.canvas.width = w;
      this.canvas.height = h;
      this.image = this.context.createImageData(w, h);
      this.pixels = new Uint32Array(this.image.data.buffer);
    } else this.pixels.fill(0);
    Object.assign(this, { ratio, w, h });
  }

  // The pixels of a marker as they lie in an image; made once for each `key` in `kept`.
  tinted(kept, key, shape, size, color, alpha) {
    const { all, rim, side, black, white } = mould(shape, size, this.ratio);
    const [r, g, b] = channels(color);
    const pixels = new Uint32Array(side * side);
    for (let j = 0, to = 0; j < side; j++) {
      for (let at = 4 * ((j + rim) * all + rim), i = 0; i < side; i++, at += 4) {
        const part = (k, share) => Math.round(black[at + k] + share * (white[at + k] - black[at + k]));
        const a = Math.round(black[at + 3] * alpha);
        pixels[to++] = ((a << 24) | (part(2, b) << 16) | (part(1, g) << 8) | part(0, r)) >>> 0;
      }
    }
    const made = { side, pixels };
    kept.set(key, made);
    return made;
  }

  put(made, x, y) {
    const { side, pixels } = made;
    const { w, h, pixels: image } = this;
    const left = Math.round(x * this.ratio - side / 2), top = Math.round(y * this.ratio - side / 2);
    const i0 = Math.max(0, -left), i1 = Math.min(side, w - left);
    const j0 = Math.max(0, -top), j1 = Math.min(side, h - top);
    for (let j = j0; j < j1; j++) {
      let from = j * side + i0, to = (top + j) * w + left + i0;
      for (let i = i0; i < i1; i++, from++, to++) {
        const s = pixels[from], sa = s >>> 24;
        if (!sa) continue;
        const d = image[to];
        image[to] = sa === 255 || d >>> 24 === 0 ? s : over(s, sa, d);
      }
    }
  }

  // Draw the image where `g` draws CSS pixels.
  end(g, opacity) {
    this.context.putImageData(this.image, 0, 0);
    g.save();
    g.globalAlpha = opacity;
    g.setTransform(1, 0, 0, 1, 0, 0);
    g.drawImage(this.canvas, 0, 0);
    g.restore();
  }
}

let probe; // reads colours as a page writes them

// Red, green and blue of a colour, each from 0 to 1.
function channels(color) {
  probe ??= new OffscreenCanvas(1, 1).getContext("2d");
  probe.fillStyle = color; // written back as #rrggbb
  const value = parseInt(probe.fillStyle.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255].map((channel) => channel / 255);
}

// One pixel over another, both with straight alpha.
function over(s, sa, d) {
  const under = ((d >>> 24) * (255 - sa)) / 255;
  const alpha = sa + under;
  const f = sa / alpha, e = under / alpha;
  const r = (s & 255) * f + (d & 255) * e;
  const g = ((s >>> 8) & 255) * f + ((d >>> 8) & 255) * e;
  const b = ((s >>> 16) & 255) * f + ((d >>> 16) & 255) * e;
  return ((Math.round(alpha) << 24) | (b << 16) | (g << 8) | r) >>> 0;
}
