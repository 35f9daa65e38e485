// Pictures on the glass: an image with a grid of positions, bent over the sky cell by cell.
//
// Python sends a PNG and the positions of the corners of its cells. Each frame the corners are projected in one call;
// where the picture is small enough to be flat it is drawn at once, else each cell as two triangles.
const HAIR = 3; // px: corners reach out by so much, edges by about a third
const FLAT_PX = 0.7; // no corner may be farther than this from where a flat picture has it

export class Picture {
  // `before` is shown until this one is decoded.
  constructor({ png, ra, dec, columns, rows }, before, painted, report) {
    Object.assign(this, { ra, dec, columns, rows, image: null, before, gone: false });
    createImageBitmap(new Blob([png], { type: "image/png" }))
      .then((image) => {
        if (this.gone) return image.close();
        this.image = image;
        this.leave();
        painted();
      })
      .catch(report);
  }

  leave() {
    this.before?.close();
    this.before = null;
  }

  close() {
    this.gone = true;
    this.leave();
    this.image?.close();
    this.image = null;
  }

  draw(g, project, opacity, width, height) {
    const { image, columns, rows } = this;
    if (!image) return this.before?.draw(g, project, opacity, width, height);
    const xy = project(this.ra, this.dec);
    const known = (i) => Number.isFinite(xy[2 * i]) && Number.isFinite(xy[2 * i + 1]) && (xy[2 * i] || xy[2 * i + 1]);
    const n = (columns + 1) * (rows + 1);
    let [minX, minY, maxX, maxY, whole] = [Infinity, Infinity, -Infinity, -Infinity, true];
    for (let i = 0; i < n; i++) {
      if (!known(i)) {
        whole = false;
        continue;
      }
      minX = Math.min(minX, xy[2 * i]); maxX = Math.max(maxX, xy[2 * i]);
      minY = Math.min(minY, xy[2 * i + 1]); maxY = Math.max(maxY, xy[2 * i + 1]);
    }
    if (maxX < 0 || minX > width || maxY < 0 || minY > height) return;
    const seen = (maxX - minX) / image.width; // pixels of the screen for one of the picture: from three on they are told apart
    if (whole && this.flat(xy)) {
      const [o, x, y] = [0, columns, rows * (columns + 1)].map((i) => [xy[2 * i], xy[2 * i + 1]]);
      g.save();
      g.globalAlpha = opacity;
      g.imageSmoothingEnabled = seen < 3;
      g.transform((x[0] - o[0]) / image.width, (x[1] - o[1]) / image.width, (y[0] - o[0]) / image.height, (y[1] - o[1]) / image.height, o[0], o[1]);
      g.drawImage(image, 0, 0);
      g.restore();
      return;
    }
    // On a sheet of its own, laid down as a whole: the cells overlap by a hair, which through a half-clear picture would show.
    const sheet = blank(g);
    sheet.imageSmoothingEnabled = seen < 3;
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++) {
        const a = r * (columns + 1) + c;
        const corners = [a, a + 1, a + columns + 1, a + columns + 2];
        if (!corners.every(known)) continue;
        const p = corners.map((i) => [xy[2 * i], xy[2 * i + 1]]);
        if (gap(p[0], p[3]) > width || gap(p[1], p[2]) > width) continue; // gone round the back of the sky
        if (p.every(([x]) => x < 0) || p.every(([x]) => x > width)) continue;
        if (p.every(([, y]) => y < 0) || p.every(([, y]) => y > height)) continue;
        const [u0, u1] = [(c * image.width) / columns, ((c + 1) * image.width) / columns];
        const [v0, v1] = [(r * image.height) / rows, ((r + 1) * image.height) / rows];
        triangle(sheet, image, [p[0], p[1], p[2]], [[u0, v0], [u1, v0], [u0, v1]]);
        triangle(sheet, image, [p[3], p[2], p[1]], [[u1, v1], [u0, v1], [u1, v0]]);
      }
    g.save();
    g.setTransform(1, 0, 0, 1, 0, 0);
    g.globalAlpha = opacity;
    g.drawImage(sheet.canvas, 0, 0);
    g.restore();
  }

  // Whether all corners lie where three of them say.
  flat(xy) {
    const { columns, rows } = this;
    const at = (i) => [xy[2 * i], xy[2 * i + 1]];
    const [o, x, y] = [at(0), at(columns), at(rows * (columns + 1))];
    for (let r = 0; r <= rows; r++)
      for (let c = 0; c <= columns; c++) {
        const [px, py] = at(r * (columns + 1) + c);
        const [s, t] = [c / columns, r / rows];
        if (Math.abs(o[0] + s * (x[0] - o[0]) + t * (y[0] - o[0]) - px) > FLAT_PX) return false;
        if (Math.abs(o[1] + s * (x[1] - o[1]) + t * (y[1] - o[1]) - py) > FLAT_PX) return false;
      }
    return true;
  }
}

let spare; // one sheet for all pictures

function blank(g) {
  spare ??= new OffscreenCanvas(1, 1).getContext("2d");
  if (spare.canvas.width !== g.canvas.width || spare.canvas.height !== g.canvas.height)
    [spare.canvas.width, spare.canvas.height] = [g.canvas.width, g.canvas.height];
  spare.setTransform(1, 0, 0, 1, 0, 0);
  spare.clearRect(0, 0, g.canvas.width, g.canvas.height);
  spare.setTransform(g.getTransform());
  return spare;
}

const gap = ([x, y], [a, b]) => Math.hypot(x - a, y - b);

// The part of the image under three of its points, at three points of the screen.
function triangle(g, image, [p, q, s], [a, b, c]) {
  const d = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]);
  const along = (i) => [
    ((q[i] - p[i]) * (c[1] - a[1]) - (s[i] - p[i]) * (b[1] - a[1])) / d,
    ((s[i] - p[i]) * (b[0] - a[0]) - (q[i] - p[i]) * (c[0] - a[0])) / d,
  ];
  const [xu, xv] = along(0);
  const [yu, yv] = along(1);
  g.save();
  g.beginPath();
  // A little wider than the cell, or the background would shine through between two.
  const m = [(p[0] + q[0] + s[0]) / 3, (p[1] + q[1] + s[1]) / 3];
  for (const v of [p, q, s]) {
    const far = Math.max(gap(v, m), 1e-6);
    g.lineTo(v[0] + (HAIR * (v[0] - m[0])) / far, v[1] + (HAIR * (v[1] - m[1])) / far);
  }
  g.clip();
  g.transform(xu, yu, xv, yv, p[0] - xu * a[0] - xv * a[1], p[1] - yu * a[0] - yv * a[1]);
  g.drawImage(image, 0, 0);
  g.restore();
}
