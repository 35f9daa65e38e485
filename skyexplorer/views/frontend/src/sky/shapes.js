// Markers. Shape tells the kind of source as well as colour does, for those who see colours otherwise.
const OUTLINE = {
  circle: (p, r) => p.arc(0, 0, r, 0, 2 * Math.PI),
  square: (p, r) => p.rect(-r * 0.9, -r * 0.9, 1.8 * r, 1.8 * r),
  rhomb: (p, r) => polygon(p, [[0, -1.25 * r], [1.05 * r, 0], [0, 1.25 * r], [-1.05 * r, 0]]),
  triangle: (p, r) => polygon(p, [[0, -1.2 * r], [1.15 * r, 0.9 * r], [-1.15 * r, 0.9 * r]]),
  plus: (p, r) => strokes(p, [[-1.2 * r, 0, 1.2 * r, 0], [0, -1.2 * r, 0, 1.2 * r]]),
  cross: (p, r) => strokes(p, [[-r, -r, r, r], [-r, r, r, -r]]),
};
const OPEN = new Set(["plus", "cross"]);

function polygon(p, points) {
  points.forEach(([x, y], i) => (i ? p.lineTo(x, y) : p.moveTo(x, y)));
  p.closePath();
}

function strokes(p, lines) {
  for (const [x0, y0, x1, y1] of lines) {
    p.moveTo(x0, y0);
    p.lineTo(x1, y1);
  }
}

// By number, as rows name them: the order of SHAPES in session/layers/style.py.
export const SHAPES = ["plus", "rhomb", "cross", "triangle", "circle", "square"];
const DOT = 5; // smaller than this all markers are dots

const cache = new Map();

// Each marker is drawn once at this pixel ratio, then stamped.
export function stamp(shape, size, color) {
  const ratio = window.devicePixelRatio || 1;
  const key = `${shape}|${size}|${color}|${ratio}`;
  let made = cache.get(key);
  if (!made) {
    if (cache.size > 2000) cache.clear();
    cache.set(key, (made = painted(shape, size, color, ratio)));
  }
  return made;
}

function painted(shape, size, color, ratio, options) {
  const reach = Math.ceil(size * 0.75 + 4);
  const canvas = new OffscreenCanvas(2 * reach * ratio, 2 * reach * ratio);
  const g = canvas.getContext("2d", options);
  g.scale(ratio, ratio);
  g.translate(reach, reach);
  const path = new Path2D();
  if (size < DOT) {
    path.arc(0, 0, size / 2, 0, 2 * Math.PI);
    g.strokeStyle = "rgba(4,8,18,0.55)";
    g.lineWidth = 1.3;
    g.stroke(path);
    g.fillStyle = color;
    g.fill(path);
    return { canvas, reach, g };
  }
  (OUTLINE[shape] ?? OUTLINE.circle)(path, size / 2);
  g.lineCap = g.lineJoin = "round";
  g.strokeStyle = "rgba(4,8,18,0.75)";
  g.lineWidth = 4;
  g.stroke(path);
  if (!OPEN.has(shape)) {
    g.globalAlpha = 0.3;
    g.fillStyle = color;
    g.fill(path);
    g.globalAlpha = 1;
  }
  g.strokeStyle = color;
  g.lineWidth = 1.8;
  g.stroke(path);
  return { canvas, reach, g };
}

const moulds = new Map();

// The pixels of a marker of any colour, without the empty rim: its pixels in black and in white, between which those in a
// colour lie, each of red, green and blue by its share. So a palette costs no painting; and nothing is read back from the
// graphics card, which would wait for every frame that is under way.
export function mould(shape, size, ratio) {
  const key = `${size < DOT ? "dot" : shape}|${size}|${ratio}`;
  let made = moulds.get(key);
  if (!made) moulds.set(key, (made = moulded(shape, size, ratio)));
  return made;
}

function moulded(shape, size, ratio) {
  const [black, white] = ["#000000", "#ffffff"].map((color) => {
    const { canvas, g } = painted(shape, size, color, ratio, { willReadFrequently: true });
    return g.getImageData(0, 0, canvas.width, canvas.height);
  });
  const all = black.width;
  let rim = all >> 1;
  for (let j = 0; j < all; j++) {
    for (let i = 0; i < all; i++) {
      if (black.data[4 * (j * all + i) + 3] > 2) rim = Math.min(rim, i, j, all - 1 - i, all - 1 - j);
    }
  }
  return { all, rim, side: all - 2 * rim, black: black.data, white: white.data };
}

export function drawShape(g, shape, x, y, size, color) {
  const { canvas, reach } = stamp(shape, size, color);
  g.drawImage(canvas, x - reach, y - reach, 2 * reach, 2 * reach);
}

export const LABEL_FONT = "600 12.5px system-ui, sans-serif";

// White on a dark rim, so that it is read on any sky.
export function label(g, text, x, y) {
  g.font = LABEL_FONT;
  g.textBaseline = "middle";
  g.lineWidth = 3.5;
  g.lineJoin = "round";
  g.strokeStyle = "rgba(4,8,18,0.85)";
  g.strokeText(text, x, y);
  g.fillStyle = "#ffffff";
  g.fillText(text, x, y);
}
