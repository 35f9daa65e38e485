// Thousands of markers at once: stamps blended into the pixels of an image, which is then drawn in one piece.
import { stamp } from "./shapes.js";

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

  // The pixels of a marker as they lie in an image, without the empty rim; made once for each `key` in `kept`.
  tinted(kept, key, shape, size, color, alpha) {
    if (kept.ratio !== this.ratio) (kept.ratio = this.ratio), kept.clear();
    const { canvas } = stamp(shape, size, color);
    const all = canvas.width;
    const read = new OffscreenCanvas(all, all).getContext("2d", { willReadFrequently: true });
    read.drawImage(canvas, 0, 0);
    const { data } = read.getImageData(0, 0, all, all);
    let rim = all >> 1;
    for (let j = 0; j < all; j++) {
      for (let i = 0; i < all; i++) {
        if (data[4 * (j * all + i) + 3] > 2) rim = Math.min(rim, i, j, all - 1 - i, all - 1 - j);
      }
    }
    const side = all - 2 * rim;
    const source = new Uint32Array(data.buffer), pixels = new Uint32Array(side * side);
    for (let j = 0; j < side; j++) {
      for (let i = 0; i < side; i++) {
        const s = source[(j + rim) * all + i + rim];
        pixels[j * side + i] = ((Math.round((s >>> 24) * alpha) << 24) | (s & 0xffffff)) >>> 0;
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
