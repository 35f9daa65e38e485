// Density: how many shown rows there are in each patch of the sky, all of them counted, in the colours of the map.
const CELL_PX = 6; // of a cell whose rows are counted as one, at the least

let bins = null; // made anew when the view changes its size

export function paintDensity(g, layer, eye) {
  const { xy, counts, level, cell } = layer.stars.counted(eye, CELL_PX);
  const BIN_PX = Math.max(4, 0.85 * cell); // width of a pixel of the map
  const w = Math.ceil(eye.width / BIN_PX) + 4, h = Math.ceil(eye.height / BIN_PX) + 4;
  if (!bins || bins.w !== w || bins.h !== h) {
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: w, height: h });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    bins = { w, h, canvas, context, image: context.createImageData(w, h), a: new Float32Array(w * h), b: new Float32Array(w * h) };
  }
  const { a, b, image, canvas, context } = bins;
  a.fill(0);
  for (let i = 0; i < counts.length; i++) {
    if (!eye.holds(xy[2 * i], xy[2 * i + 1])) continue;
    // Shared between the four pixels around, so that nothing jumps while the sky is moved.
    const x = xy[2 * i] / BIN_PX + 1.5, y = xy[2 * i + 1] / BIN_PX + 1.5;
    const x0 = Math.floor(x), y0 = Math.floor(y);
    if (x0 < 0 || y0 < 0 || x0 > w - 2 || y0 > h - 2) continue;
    const u = x - x0, v = y - y0, at = y0 * w + x0;
    a[at] += counts[i] * (1 - u) * (1 - v);
    a[at + 1] += counts[i] * u * (1 - v);
    a[at + w] += counts[i] * (1 - u) * v;
    a[at + w + 1] += counts[i] * u * v;
  }
  smooth(a, b, 1, w, h);
  smooth(b, a, w, w, h);
  const colors = layer.style.bytes;
  const pixels = image.data;
  const [low, high] = layer.stars.span(level).map((n) => Math.log1p(n * (BIN_PX / cell) ** 2));
  const bottom = 0.6 * low;
  for (let i = 0; i < a.length; i++) {
    const value = Math.max(0, Math.min(1, (Math.log1p(a[i]) - bottom) / Math.max(0.5, high - bottom)));
    const shade = 1 + Math.round(254 * value); // the first colour is that of missing values
    pixels[4 * i] = colors[3 * shade];
    pixels[4 * i + 1] = colors[3 * shade + 1];
    pixels[4 * i + 2] = colors[3 * shade + 2];
    pixels[4 * i + 3] = 255 * Math.min(0.92, 1.6 * a[i], 0.45 + 0.6 * value);
  }
  context.putImageData(image, 0, 0);
  g.save();
  g.globalAlpha = layer.opacity;
  g.imageSmoothingEnabled = true;
  g.imageSmoothingQuality = "high";
  g.drawImage(canvas, -BIN_PX, -BIN_PX, w * BIN_PX, h * BIN_PX);
  g.restore();
}

// A quarter, a half, a quarter of neighbours `step` apart.
function smooth(from, to, step, w, h) {
  to.fill(0);
  for (let i = w + 1; i < w * h - w - 1; i++) to[i] = 0.25 * from[i - step] + 0.5 * from[i] + 0.25 * from[i + step];
}
