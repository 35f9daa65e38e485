// A plain map in place of Aladin, for browsers without WebGL 2: the same view to all that stands over the sky.
//
// Glass, picking, tools and keys ask of Aladin where a place of the sky is on the screen, and the other way round; here
// that is computed by hand, and painted on a 2-D canvas: coordinate lines and the plane of the Milky Way. So layers,
// contours, the selection and the tools are as ever; surveys and images, which only WebGL paints, are not there. It is drawn
// when something has changed, and in no other frame. All of the sky is turned about the middle of the view as a part of it
// is: a pan goes on where it is zoomed out.
import { place, unit } from "./sphere.js";
import { equal, hammer } from "./projections.js";

const WHOLE = 100; // degrees; wider than this all of the sky is shown
const WIDEST = 180;
const LEAST = 1 / 3600;
const TOLD_MS = 150; // after which Python hears where the view is
const STEPS = [30, 15, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01];
const PLANE = [
  [18, 0.06],
  [10, 0.07],
  [4, 0.09],
]; // px of the strokes that the Milky Way is made of, and how much they cover
// Galactic longitude 0 and 90 degrees in the plane, as equatorial vectors (ICRS; Murray 1989).
const CENTRE = [-0.0548755604, -0.8734370902, -0.4838350155];
const QUARTER = [0.4941094279, -0.44482963, 0.7469822445];

export class FlatSky {
  // `why` is said over the map.
  constructor(el, model, why) {
    Object.assign(this, { model, at: [0, 0], fov: WIDEST, grid: true });
    const frame = document.createElement("div");
    frame.className = "skx-flat";
    const canvas = document.createElement("canvas");
    canvas.className = "skx-flat-map";
    canvas.setAttribute("role", "img");
    const said = document.createElement("p");
    said.className = "skx-flat-said";
    said.setAttribute("role", "status");
    said.textContent = why;
    canvas.setAttribute("aria-label", model.get("_texts").flat);
    frame.append(canvas, said);
    el.append(frame);
    this.aladinDiv = frame;
    this.context = canvas.getContext("2d");
    this.view = {
      catalogCanvas: canvas,
      width: 1,
      height: 1,
      drawAllOverlays: () => this.paint(),
      requestRedraw: () => {
        this.frame ??= requestAnimationFrame(() => {
          this.frame = null;
          this.view.drawAllOverlays();
        });
      },
      wasm: { worldToScreenVec: (ra, dec) => this.project(ra, dec) },
    };
    this.sized = new ResizeObserver(() => {
      [this.view.width, this.view.height] = [Math.max(1, frame.clientWidth), Math.max(1, frame.clientHeight)];
      this.view.requestRedraw();
    });
    this.sized.observe(frame);
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const type of ["pointerup", "pointercancel"]) canvas.addEventListener(type, () => (this.drag = null));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  // What Aladin answers to.

  getRaDec() {
    return this.at;
  }

  getFov() {
    return [this.fov, Math.min(WIDEST, (this.fov * this.view.height) / this.view.width)];
  }

  gotoRaDec(ra, dec) {
    this.at = [((ra % 360) + 360) % 360, Math.max(-90, Math.min(90, dec))];
    this.changed();
  }

  setFoV(fov) {
    this.fov = Math.max(LEAST, Math.min(WIDEST, fov));
    this.changed();
  }

  setCooGrid({ enabled }) {
    this.labelled = enabled;
    this.view.requestRedraw();
  }

  pix2world(x, y) {
    const { width, height } = this.view;
    const { scale, center, inverse } = this.look();
    const flat = inverse((width / 2 - x) / scale, (height / 2 - y) / scale);
    return flat ? place(turnedBack(flat, center)) : null;
  }

  // How the view looks now: a projection of unit vectors around a centre, and pixels of its unit.
  look() {
    const { width, height } = this.view;
    if (this.fov > WHOLE) {
      const scale = 0.96 * Math.min(width / (4 * Math.SQRT2), height / (2 * Math.SQRT2));
      return { ...hammer, scale, center: this.at };
    }
    return { ...equal, scale: width / 2 / (2 * Math.sin((this.fov * Math.PI) / 720)), center: this.at };
  }

  project(ra, dec) {
    const { width, height } = this.view;
    const { scale, center, forward } = this.look();
    const [e, n, c] = axes(center);
    const xy = new Float64Array(2 * ra.length);
    for (let i = 0; i < ra.length; i++) {
      const v = unit([ra[i], dec[i]]);
      const [x, y] = forward(dot(v, c), dot(v, e), dot(v, n));
      xy[2 * i] = width / 2 - scale * x; // east is left
      xy[2 * i + 1] = height / 2 - scale * y;
    }
    return xy;
  }

  changed() {
    this.view.requestRedraw();
    clearTimeout(this.late);
    this.late = setTimeout(() => {
      this.model.set("_target", `${this.at[0]} ${this.at[1]}`);
      this.model.set("_fov", this.fov);
      this.model.save_changes();
    }, TOLD_MS);
  }

  down(event) {
    if (event.button !== 0 || !event.isPrimary) return;
    this.view.catalogCanvas.setPointerCapture(event.pointerId);
    this.drag = [event.clientX, event.clientY];
  }

  move(event) {
    if (!this.drag) return;
    const [x, y] = this.drag;
    const { width, height } = this.view;
    const to = this.pix2world(width / 2 - (event.clientX - x), height / 2 - (event.clientY - y));
    if (to) this.gotoRaDec(...to);
    this.drag = [event.clientX, event.clientY];
  }

  wheel(event) {
    event.preventDefault();
    this.setFoV(this.fov * Math.exp(Math.max(-60, Math.min(60, event.deltaY)) / 200));
  }

  paint() {
    const { width, height, catalogCanvas: canvas } = this.view;
    const ratio = window.devicePixelRatio || 1;
    [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    const g = this.context;
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.fillStyle = "#05070d";
    g.fillRect(0, 0, width, height);
    if (this.fov > WHOLE) {
      const { scale } = this.look();
      g.fillStyle = "#0b1322";
      g.beginPath();
      g.ellipse(width / 2, height / 2, 2 * Math.SQRT2 * scale, Math.SQRT2 * scale, 0, 0, 2 * Math.PI);
      g.fill();
    } else {
      g.fillStyle = "#0b1322";
      g.fillRect(0, 0, width, height);
    }
    g.lineJoin = g.lineCap = "round";
    const plane = range(0, 360, 2).map((l) => {
      const [c, s] = [Math.cos((l * Math.PI) / 180), Math.sin((l * Math.PI) / 180)];
      return place(CENTRE.map((x, i) => x * c + QUARTER[i] * s));
    });
    const wide = Math.min(4, Math.max(1, 180 / this.fov));
    for (const [px, alpha] of PLANE) this.line(g, plane, `rgba(190, 205, 235, ${alpha})`, px * wide);
    const step = STEPS.find((size) => size <= this.fov / 4) ?? STEPS.at(-1);
    this.lines(g, this.fov > WHOLE ? 30 : step);
  }

  lines(g, step) {
    const [ra, dec] = this.at;
    const style = "rgba(150, 175, 215, 0.22)";
    const whole = this.fov > WHOLE;
    const reach = whole ? 180 : this.fov;
    const low = whole ? -90 + step : Math.max(-90 + step, Math.floor((dec - reach) / step) * step);
    const high = whole ? 90 - step : Math.min(90 - step, Math.ceil((dec + reach) / step) * step);
    const around = Math.min(180, reach / Math.max(0.05, Math.cos((dec * Math.PI) / 180)));
    // Of all of the sky the equator bears the right ascensions.
    for (let d = low; d <= high + 1e-9; d += step) {
      this.line(g, range(ra - around, ra + around, around / 90).map((a) => [a, d]), style, 1);
      if (whole ? d : this.labelled) this.text(g, [ra, d], `${round(d)}°`);
    }
    for (let a = Math.ceil((ra - around) / step) * step; a < ra + around; a += step) {
      this.line(g, range(Math.max(-90, low - step), Math.min(90, high + step), Math.max(0.01, (high - low) / 60)).map((d) => [a, d]), style, 1);
      if (this.labelled || whole) this.text(g, [a, whole ? 0 : dec], `${round(((a % 360) + 360) % 360)}°`);
    }
  }

  line(g, points, style, px) {
    const xy = this.project(Float64Array.from(points, (p) => p[0]), Float64Array.from(points, (p) => p[1]));
    const jump = Math.max(this.view.width, this.view.height) / 4; // a longer step has gone round the back of the sky,
    const middle = this.view.width / 2;
    const towards = unit(this.at);
    const behind = (p) => dot(unit(p), towards) < 0; // and so has one from side to side there
    g.strokeStyle = style;
    g.lineWidth = px;
    g.beginPath();
    for (let i = 0; i < points.length; i++) {
      const [x, y] = [xy[2 * i], xy[2 * i + 1]];
      const [x0, y0] = [xy[2 * i - 2], xy[2 * i - 1]];
      const across = (x - middle) * (x0 - middle) < 0 && behind(points[i]);
      if (!i || across || Math.hypot(x - x0, y - y0) > jump) g.moveTo(x, y);
      else g.lineTo(x, y);
    }
    g.stroke();
  }

  text(g, [ra, dec], words) {
    const [x, y] = this.project(Float64Array.of(ra), Float64Array.of(dec));
    g.font = "11px system-ui, sans-serif";
    g.textBaseline = "middle";
    g.fillStyle = "#8fa3bf";
    g.fillText(words, x + 3, y - 7);
  }

  dispose() {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.late);
    this.sized.disconnect();
    this.aladinDiv.remove();
  }
}

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const range = (from, to, step) => Array.from({ length: Math.ceil((to - from) / step + 1e-9) + 1 }, (_, i) => Math.min(to, from + i * step));
const round = (value) => Math.round(value * 100) / 100;

// East, north, and towards the centre.
function axes([ra, dec]) {
  return [unit([ra + 90, 0]), unit(dec > 0 ? [ra + 180, 90 - dec] : [ra, dec + 90]), unit([ra, dec])];
}

function turnedBack([along, east, north], center) {
  const [e, n, c] = axes(center);
  return [0, 1, 2].map((i) => along * c[i] + east * e[i] + north * n[i]);
}
