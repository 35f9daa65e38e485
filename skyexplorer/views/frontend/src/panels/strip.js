// The strip of times: a tick for each event, or a stacked histogram where there are many; the window over it; dates below.
const DAY = 86400;
const YEAR = 31557600;
// Seconds: of the axis and of play.
export const STEPS = [1, 10, 60, 600, 3600, 6 * 3600, DAY, 7 * DAY, 30 * DAY, 90 * DAY, YEAR, 5 * YEAR];
const TICKS = [1, 5, 15, 30, 60, 300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, DAY, 2 * DAY, 7 * DAY, 14 * DAY];
const MONTHS = [1, 3, 6, 12, 24, 60, 120, 240, 600];
const MJD_1970 = 40587;
const AXIS = 15; // px below for dates
const FEW = 400; // events drawn one by one
const BIN = 3; // px
const COLORS = {
  gw: ["#f0b429", "#a86f00"],
  neutrino: ["#56b4e9", "#0b6fa8"],
  gamma: ["#e8833a", "#b3500a"],
  "x-ray": ["#c58be0", "#7b3fa0"],
  optical: ["#7fd08a", "#2a7f3a"],
  radio: ["#e07a9a", "#a8325a"],
  "cosmic-ray": ["#d6cf6a", "#77700a"],
};

const date = (mjd) => new Date((mjd - MJD_1970) * DAY * 1000);

// As fine as is seen in a span of days.
export function spelled(mjd, span) {
  const when = date(mjd);
  if (Number.isNaN(when.getTime())) return "";
  const text = when.toISOString();
  if (span > 60) return text.slice(0, 10);
  if (span > 0.1) return text.slice(0, 16).replace("T", " ");
  return text.slice(0, span > 1e-3 ? 19 : 23).replace("T", " ");
}

export function drawStrip(canvas, strip, { times, kinds, messengers, view, window: chosen }) {
  const [width, height] = [strip.clientWidth, strip.clientHeight];
  const ratio = globalThis.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const g = canvas.getContext("2d");
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, width, height);
  const style = getComputedStyle(strip);
  const ink = (name) => style.getPropertyValue(`--skx-${name}`).trim() || "#888888";
  const light = Boolean(strip.closest(".skx-light"));
  const floor = height - AXIS;
  const [low, high] = view;
  const x = (time) => ((time - low) / (high - low)) * width;
  axis(g, { low, high, x, width, floor, height, ink });

  const colors = messengers.map(({ name }) => COLORS[name]?.[light ? 1 : 0] ?? ink("soft"));
  const from = lower(times, low);
  const to = lower(times, high + 1e-12);
  const inside = (time) => !chosen || (time >= chosen[0] && time <= chosen[1]);
  if (to - from <= FEW) {
    for (let i = from; i < to; i++) {
      g.globalAlpha = inside(times[i]) ? 0.95 : 0.28;
      g.fillStyle = colors[kinds[i]];
      g.fillRect(x(times[i]) - 1, 6, 2, floor - 7);
    }
  } else bars(g, { times, kinds, from, to, x, width, floor, colors, inside });
  g.globalAlpha = 1;

  if (chosen) {
    const [a, b] = chosen.map(x);
    g.fillStyle = ink("ground");
    g.globalAlpha = light ? 0.45 : 0.5;
    g.fillRect(0, 0, Math.max(0, a), floor);
    g.fillRect(Math.min(width, b), 0, Math.max(0, width - b), floor);
    g.globalAlpha = 0.14;
    g.fillStyle = ink("accent");
    g.fillRect(a, 0, Math.max(b - a, 1), floor);
    g.globalAlpha = 1;
    g.fillRect(a, 0, Math.max(b - a, 1), 2);
  }
}

// Heights as square roots: one event is seen beside a thousand.
function bars(g, { times, kinds, from, to, x, width, floor, colors, inside }) {
  const bins = Math.ceil(width / BIN);
  const counts = colors.map(() => new Uint32Array(bins));
  for (let i = from; i < to; i++) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(x(times[i]) / BIN)));
    counts[kinds[i]][bin] += 1;
  }
  const total = new Uint32Array(bins);
  for (const row of counts) row.forEach((count, bin) => (total[bin] += count));
  const most = Math.sqrt(total.reduce((a, b) => Math.max(a, b), 1));
  const start = x(0);
  const perPixel = x(1) - start;
  for (let bin = 0; bin < bins; bin++) {
    if (!total[bin]) continue;
    const tall = Math.max(2, (Math.sqrt(total[bin]) / most) * (floor - 6));
    g.globalAlpha = inside(((bin + 0.5) * BIN - start) / perPixel) ? 0.95 : 0.28;
    let y = floor;
    counts.forEach((row, kind) => {
      const part = (row[bin] / total[bin]) * tall;
      if (!part) return;
      g.fillStyle = colors[kind];
      g.fillRect(bin * BIN, y - part, BIN - 0.6, part);
      y -= part;
    });
  }
}

function axis(g, { low, high, x, width, floor, height, ink }) {
  g.strokeStyle = ink("line");
  g.lineWidth = 1;
  g.beginPath();
  g.moveTo(0, floor + 0.5);
  g.lineTo(width, floor + 0.5);
  g.font = "10.5px system-ui, sans-serif";
  g.textBaseline = "middle";
  g.fillStyle = ink("soft");
  let free = -Infinity;
  for (const { mjd, text } of dated(low, high, width)) {
    const at = x(mjd);
    g.moveTo(at, floor);
    g.lineTo(at, floor + 4);
    const wide = g.measureText(text).width;
    const left = Math.max(0, Math.min(at - wide / 2, width - wide));
    if (left < free) continue;
    g.fillText(text, left, height - 5);
    free = left + wide + 10;
  }
  g.stroke();
}

// Round dates, about one in 90 px.
function dated(low, high, width) {
  const wanted = ((high - low) * DAY * 90) / Math.max(width, 90);
  const step = TICKS.find((one) => one >= wanted);
  const found = [];
  if (step) {
    const first = Math.ceil((low * DAY) / step) * step;
    for (let at = first; at <= high * DAY && found.length < 200; at += step) {
      const iso = date(at / DAY).toISOString();
      found.push({ mjd: at / DAY, text: step >= DAY || at % DAY === 0 ? iso.slice(0, 10) : iso.slice(11, step >= 60 ? 16 : 19) });
    }
    return found;
  }
  const months = MONTHS.find((one) => one * 30.44 * DAY >= wanted) ?? MONTHS.at(-1);
  const begin = date(low);
  let month = Math.ceil((begin.getUTCFullYear() * 12 + begin.getUTCMonth()) / months) * months;
  for (; found.length < 200; month += months) {
    const at = Date.UTC(Math.floor(month / 12), month % 12, 1) / (DAY * 1000) + MJD_1970;
    if (at > high) break;
    const year = String(Math.floor(month / 12));
    if (at >= low) found.push({ mjd: at, text: months >= 12 ? year : `${year}-${String((month % 12) + 1).padStart(2, "0")}` });
  }
  return found;
}

// The first row that is not below.
function lower(sorted, value) {
  let [a, b] = [0, sorted.length];
  while (a < b) {
    const mid = (a + b) >> 1;
    if (sorted[mid] < value) a = mid + 1;
    else b = mid;
  }
  return a;
}
