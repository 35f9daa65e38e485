// What draws many rows is run on some that nobody sees while the page is idle. A browser compiles what has run for a while;
// the first large catalogue of a page would be sorted and drawn at a third of the speed of the second.
import { Points } from "./points.js";
import { Stars } from "./stars.js";

const ROWS = 12_000; // more than are drawn one by one
const TURNS = 8; // of a few milliseconds each

let begun = false;

export function warm() {
  if (begun || !globalThis.requestIdleCallback) return;
  begun = true;
  const ra = Float64Array.from({ length: ROWS }, (_, row) => (row * 137.508) % 360);
  const dec = Float64Array.from({ length: ROWS }, (_, row) => (Math.asin((2 * row) / ROWS - 1) * 180) / Math.PI);
  const shown = new Uint8Array(ROWS).fill(1);
  const page = new OffscreenCanvas(400, 300).getContext("2d", { willReadFrequently: true });
  const points = new Points();
  let left = TURNS;
  const step = async () => {
    const stars = new Stars(ra, dec, () => {});
    await stars.choose(shown, null, null);
    const layer = { stars, ra, dec, shown, marked: null, style: {}, stamps: new Map(), shape: "circle", size: 8, color: "#ffffff", opacity: 1 };
    points.draw(page, layer, eye(left));
    if (--left) requestIdleCallback(step);
  };
  requestIdleCallback(step);
}

// A view of the whole sky as a plate, then closer and closer.
function eye(turn) {
  const pixelsPerDegree = 1 + turn;
  return {
    width: 400, height: 300, ratio: 1, pixelsPerDegree, center: [1, 0, 0], radius: turn % 2 ? Math.PI : 0.5,
    project: (ra, dec) => {
      const xy = new Float64Array(2 * ra.length);
      for (let i = 0; i < ra.length; i++) (xy[2 * i] = ra[i] * pixelsPerDegree), (xy[2 * i + 1] = 150 + dec[i] * pixelsPerDegree);
      return xy;
    },
    holds: (x, y) => x > 0 && x < 400 && y > 0 && y < 300,
  };
}
